package cuckoo

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"vitrine/yara/internal/module"
)

const maxReport = 1 << 28 // bytes

// report is the receiver of the module's root. It is parsed at first use.
type report struct {
	ctx  *module.Context
	done bool
	ok   bool
	root map[string]any
}

// sound reports whether there is a report that can be asked, be it an empty one.
func (r *report) sound() bool {
	if r.done {
		return r.ok
	}
	r.done = true
	switch data := r.ctx.Extra; {
	case len(data) == 0:
		r.ok = true
	case len(data) <= maxReport:
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var root any
		r.ok = d.Decode(&root) == nil && !d.More()
		r.root, _ = root.(map[string]any)
	}
	return r.ok
}

// part follows keys; nil where there is nothing.
func (r *report) part(keys ...string) any {
	var here any = r.root
	for _, k := range keys {
		object, _ := here.(map[string]any)
		here = object[k]
	}
	return here
}

// count asks each entry of a list.
func (r *report) count(list any, once bool, fits func(entry any) bool) (n int) {
	entries, _ := list.([]any)
	for i, e := range entries {
		if i%1024 == 1023 && r.ctx.Cancelled() {
			break
		}
		if fits(e) {
			if n++; once {
				break
			}
		}
	}
	return n
}

// text is the string under a key of an entry.
func text(entry any, key string) (string, bool) {
	object, _ := entry.(map[string]any)
	s, ok := object[key].(string)
	return s, ok
}

func matches(pattern module.Value, s string) bool {
	re, ok := pattern.Ref.(module.Regexp)
	return ok && re.Match([]byte(s))
}

// texts asks the strings of a list.
func texts(list func(r *report) any) question {
	return func(r *report, args []module.Value, once bool) int {
		return r.count(list(r), once, func(e any) bool {
			s, ok := e.(string)
			return ok && matches(args[0], s)
		})
	}
}

func summary(name string) question {
	return texts(func(r *report) any { return r.part("behavior", "summary", name) })
}

// lookup asks the names that were resolved: in "domains" of newer reports, in
// "dns" of older ones. YARA wants an address beside the name.
func (r *report) lookup(args []module.Value, once bool) int {
	list, key := r.part("network", "domains"), "domain"
	if list == nil {
		list, key = r.part("network", "dns"), "hostname"
	}
	return r.count(list, once, func(e any) bool {
		_, resolved := text(e, "ip")
		name, ok := text(e, key)
		return ok && (resolved || r.ctx.YARAX) && matches(args[0], name)
	})
}

// request asks the addresses of HTTP requests with one of these methods; in
// YARA-X a question about both is one about all.
func request(methods ...string) question {
	return func(r *report, args []module.Value, once bool) int {
		return r.count(r.part("network", "http"), once, func(e any) bool {
			method, ok := text(e, "method")
			uri, named := text(e, "uri")
			known := r.ctx.YARAX && len(methods) > 1
			for _, m := range methods {
				known = known || strings.EqualFold(method, m)
			}
			return ok && named && known && matches(args[0], uri)
		})
	}
}

func (r *report) userAgent(args []module.Value, once bool) int {
	return r.count(r.part("network", "http"), once, func(e any) bool {
		agent, ok := text(e, "user-agent")
		return ok && matches(args[0], agent)
	})
}

// connection asks where connections went: an address, or in YARA-X a name too,
// and a port.
func connection(protocol string) question {
	return func(r *report, args []module.Value, once bool) int {
		return r.count(r.part("network", protocol), once, func(e any) bool {
			port, ok := portOf(e)
			if !ok || port != args[1].Int {
				return false
			}
			to, ok := text(e, "dst")
			if ok && matches(args[0], to) {
				return true
			}
			name, ok := text(e, "dst_domain")
			return ok && r.ctx.YARAX && matches(args[0], name)
		})
	}
}

func portOf(entry any) (int64, bool) {
	object, _ := entry.(map[string]any)
	n, _ := object["dport"].(json.Number)
	port, err := strconv.ParseInt(string(n), 10, 32)
	return port, err == nil
}
