package gap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vitrine/internal/endpoint/control"
)

// OffArgs is what protect.off takes. For is a duration such as "30m"; empty:
// until somebody switches on.
type OffArgs struct {
	Reason string `json:"reason"`
	For    string `json:"for,omitempty"`
}

// OnArgs is what protect.on takes. With Wait it answers again and again until
// the gap is closed; otherwise once.
type OnArgs struct {
	Wait bool `json:"wait,omitempty"`
}

// followEvery is how often who waits hears of progress.
const followEvery = 500 * time.Millisecond

// Verbs gives what the guard's socket answers about the switch. Each value of
// an answer is a Status.
func (s *Switch) Verbs() map[string]control.Verb {
	return map[string]control.Verb{
		"protect.off": {Handle: s.answerOff},
		"protect.on":  {Handle: s.answerOn},
	}
}

func (s *Switch) answerOff(_ context.Context, c control.Call) error {
	var args OffArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	var d time.Duration
	if args.For != "" {
		var err error
		if d, err = time.ParseDuration(args.For); err != nil || d <= 0 {
			return control.Refuse(control.Usage, "%q is no duration such as 30m", args.For)
		}
	}
	err := s.Off(args.Reason, who(c), d)
	switch {
	case errors.Is(err, ErrReason):
		return control.Refuse(control.Usage, "%v", err)
	case errors.Is(err, ErrOff):
		return control.Refuse(control.No, "%v", err)
	case err != nil:
		return err
	}
	return c.Reply(s.Status())
}

var errDone = errors.New("the gap is closed")

func (s *Switch) answerOn(ctx context.Context, c control.Call) error {
	var args OnArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	if err := s.On(who(c)); errors.Is(err, ErrOn) {
		if !args.Wait {
			return control.Refuse(control.No, "%v", err)
		}
	} else if err != nil {
		return err
	}
	if !args.Wait {
		return c.Reply(s.Status())
	}
	err := s.Follow(ctx, followEvery, func(st Status) error {
		if err := c.Reply(st); err != nil || st.State == Closing {
			return err
		}
		return errDone
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

func who(c control.Call) string { return fmt.Sprintf("uid %d", c.Peer.UID) }
