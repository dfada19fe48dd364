package service

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/cli/term"
	"vitrine/proof/statement"
)

// trustAge is how long metadata that have not changed are not looked at again:
// all that can happen to them in between is that they expire.
const trustAge = 10 * time.Second

// trustedNow knows who may say what, from the site's own metadata as they are
// now. They are read anew when the timestamp is another, which is what changes
// last whenever anything does.
type trustedNow struct {
	env    term.Env
	folder *operator.Folder

	mu        sync.Mutex
	timestamp []byte
	read      time.Time
	client    *tuf.Client
}

// authors gives who must sign a statement.
func (t *trustedNow) authors(ctx context.Context, s statement.Statement) (check.Authors, error) {
	c, err := t.current(ctx)
	if err != nil {
		return check.Authors{}, err
	}
	return authors.Of(c, s)
}

func (t *trustedNow) current(ctx context.Context) (*tuf.Client, error) {
	at := site.Dir(t.folder.Site())
	timestamp, err := at.Fetch(ctx, site.TUF("timestamp.json"), 1<<16)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.env.Now()
	if t.client != nil && bytes.Equal(timestamp, t.timestamp) && now.Sub(t.read).Abs() < trustAge {
		return t.client, nil
	}
	root, err := t.folder.Root()
	if err != nil {
		return nil, err
	}
	store := tuf.Store{Dir: filepath.Join(t.folder.Dir, "tuf-client")}
	c, err := tuf.New(tuf.Config{Store: store, Fetcher: site.Metadata{Site: at}, Root: root, Now: now})
	if err != nil {
		return nil, err
	}
	if err := c.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("the site's metadata: %w (vitrined publish refresh signs them anew)", err)
	}
	t.timestamp, t.read, t.client = timestamp, now, c
	return c, nil
}
