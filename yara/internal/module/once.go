package module

// Once keeps a part of a file that is computed when it is first asked for. A
// scan is one goroutine. The zero value is empty.
type Once[T any] struct {
	done  bool
	value T
}

// Get gives the part, which compute makes the first time. What it points to
// belongs to the Once.
func (o *Once[T]) Get(compute func() T) *T {
	if !o.done {
		o.value, o.done = compute(), true
	}
	return &o.value
}
