package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"vitrine/internal/endpoint/local"

	"golang.org/x/sys/unix"
)

// Client asks the guard. Calls may run at the same time: each has a connection
// of its own.
type Client struct {
	path  string
	ready chan *local.Conn // the connection that Dial made, for the first call
	old   <-chan time.Time // when the guard will no longer wait at it
}

// fresh is how long a connection may wait for its request; the server waits longer.
const fresh = time.Second

// Dial makes sure that somebody listens at path. The error wraps ErrNotRunning
// when nobody does.
func Dial(path string) (*Client, error) {
	conn, err := dial(path)
	if err != nil {
		return nil, err
	}
	c := &Client{path: path, ready: make(chan *local.Conn, 1), old: time.After(fresh)}
	c.ready <- conn
	return c, nil
}

// connection is the one that Dial made, or a new one.
func (c *Client) connection() (*local.Conn, error) {
	select {
	case conn := <-c.ready:
		select {
		case <-c.old:
			conn.Close()
		default:
			return conn, nil
		}
	default:
	}
	return dial(c.path)
}

// Close ends the connection that no call has used.
func (c *Client) Close() error {
	select {
	case conn := <-c.ready:
		return conn.Close()
	default:
		return nil
	}
}

func dial(path string) (*local.Conn, error) {
	conn, err := local.Dial(path)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return nil, &Error{
			Code: Failed, Text: fmt.Sprintf("%v: nobody listens at %s", ErrNotRunning, path),
			Hint: "systemctl start vitrine-guard, or vitrine guard", cause: ErrNotRunning,
		}
	case errors.Is(err, fs.ErrPermission):
		return nil, &Error{Code: Denied, Text: err.Error(), Hint: "ask as root", cause: err}
	}
	return nil, err
}

// Call asks one thing and gives each value of the answer to each, in order; nil
// takes none. An error of each ends the call. What the guard refuses is an
// *Error. A guard that falls silent is waited for until ctx ends.
func (c *Client) Call(ctx context.Context, verb string, args any, each func(json.RawMessage) error) error {
	conn, err := c.connection()
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	err = ask(conn, verb, args, each)
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

func ask(conn *local.Conn, verb string, args any, each func(json.RawMessage) error) error {
	q := request{Verb: verb}
	if args != nil {
		text, err := json.Marshal(args)
		if err != nil {
			return fmt.Errorf("ask for %s: %w", verb, err)
		}
		q.Args = text
	}
	text, err := line(q)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", verb, err)
	}
	// One that is refused before it has been heard still gets its answer.
	_, unheard := conn.Write(text)
	r := bufio.NewReader(conn)
	for {
		done, err := next(r, verb, each)
		switch {
		case err == nil && done:
			return nil
		case err == nil:
		case unheard != nil && !errors.As(err, new(*Error)):
			return fmt.Errorf("ask for %s: %w", verb, unheard)
		default:
			return err
		}
	}
}

// next takes one line of the answer.
func next(r *bufio.Reader, verb string, each func(json.RawMessage) error) (done bool, err error) {
	text, err := readLine(r)
	if errors.Is(err, io.EOF) {
		err = errors.New("the guard has hung up")
	}
	if err != nil {
		return false, fmt.Errorf("ask for %s: %w", verb, err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return false, fmt.Errorf("ask for %s: the answer is no JSON: %w", verb, err)
	}
	switch {
	case a.Error != "":
		return false, &Error{Code: a.Code, Text: a.Error, Hint: a.Hint}
	case a.Done:
		return true, nil
	case each == nil || a.Value == nil:
		return false, nil
	}
	return false, each(a.Value)
}

// One asks for something that has exactly one value.
func One[T any](ctx context.Context, c *Client, verb string, args any) (T, error) {
	all, err := All[T](ctx, c, verb, args)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("ask for %s: %d values instead of one", verb, len(all))
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// All asks for something that has any number of values, and gives them all.
func All[T any](ctx context.Context, c *Client, verb string, args any) ([]T, error) {
	var all []T
	err := c.Call(ctx, verb, args, func(text json.RawMessage) error {
		var v T
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("ask for %s: %w", verb, err)
		}
		all = append(all, v)
		return nil
	})
	return all, err
}
