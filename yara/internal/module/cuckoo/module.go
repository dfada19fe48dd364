// Package cuckoo is YARA's module cuckoo: what a file did when the sandbox
// Cuckoo ran it. The report in JSON is handed over with the scan (yara -x); the
// scanned bytes are not looked at, and nothing is ever run.
//
// The functions are those of libyara 4.5 and give 1 or 0; in YARA-X's dialect
// they count. Without a report nothing was done: all give 0. A report that is
// not JSON, or too big, leaves everything undefined. Of a sound one, entries of
// another shape than expected are passed over.
package cuckoo

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "cuckoo", Type: tree(), Open: func(c *module.Context) any { return &report{ctx: c} }}
}

func tree() *module.Type {
	return module.Struct(
		module.Inner("network",
			function("dns_lookup", "r", (*report).lookup),
			function("http_get", "r", request("get")),
			function("http_post", "r", request("post")),
			function("http_request", "r", request("get", "post")),
			function("http_user_agent", "r", (*report).userAgent),
			function("host", "r", texts(func(r *report) any { return r.part("network", "hosts") })),
			function("tcp", "ri", connection("tcp")),
			function("udp", "ri", connection("udp")),
		),
		module.Inner("registry", function("key_access", "r", summary("keys"))),
		module.Inner("filesystem", function("file_access", "r", summary("files"))),
		module.Inner("sync", function("mutex", "r", summary("mutexes"))),
	)
}

// question counts the entries of a report that fit; with once set the first
// one is enough.
type question func(r *report, args []module.Value, once bool) int

func function(name, args string, ask question) module.Field {
	return module.Function(name, module.Overload(args, module.KindInt,
		func(c *module.Context, r *report, args []module.Value) module.Value {
			if !r.sound() {
				return module.Undefined()
			}
			return module.Int(int64(ask(r, args, !c.YARAX)))
		}))
}
