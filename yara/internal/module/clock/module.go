// Package clock is YARA's module time. It has no clock of its own: the scan's
// context brings one.
package clock

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{
		Name: "time",
		Type: module.Struct(module.Function("now", module.Free("", module.KindInt, now))),
		Open: func(*module.Context) any { return nil },
	}
}

func now(c *module.Context, _ []module.Value) module.Value {
	if c.Now == nil {
		return module.Undefined()
	}
	return module.Int(c.Now())
}
