package moduletest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vitrine/yara/internal/module"
)

// parser follows a path such as sections[0].name, version_info["CompanyName"]
// or imports(/a/i, "b", 3).
type parser struct {
	text string
	at   int
	scan *Scan
}

type place struct {
	t    *module.Type
	v    module.Value
	self any // receiver of the struct around a function
}

func (p *parser) path() (module.Value, error) {
	here := place{t: p.scan.Module.Type, v: module.Ref(module.KindStruct, p.scan.self)}
	err := p.member(&here)
	for err == nil && p.at < len(p.text) {
		switch p.text[p.at] {
		case '.':
			p.at++
			err = p.member(&here)
		case '[':
			err = p.index(&here)
		case '(':
			err = p.call(&here)
		default:
			return here.v, nil
		}
	}
	return here.v, err
}

func (p *parser) word() string {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(".[](),\" /", p.text[p.at]) < 0 {
		p.at++
	}
	return p.text[start:p.at]
}

func (p *parser) member(here *place) error {
	name := p.word()
	_, f := here.t.Member(name)
	if f == nil {
		return fmt.Errorf("%q: no field %q", p.text, name)
	}
	self := here.v.Ref
	*here = place{t: f.Type, v: fieldValue(f, self), self: self}
	return nil
}

func fieldValue(f *module.Field, self any) module.Value {
	if f.Get == nil {
		return f.Const
	}
	if self == nil {
		return module.Undefined()
	}
	return f.Get(self)
}

func (p *parser) index(here *place) error {
	p.at++
	key, err := p.literal()
	if err != nil {
		return err
	}
	p.at++ // the closing bracket
	t, container := here.t, here.v
	here.t, here.v = t.Elem, module.Undefined()
	switch {
	case container.Kind == module.KindUndefined:
	case container.Kind == module.KindDict:
		here.v = t.Lookup(container.Ref, key.Bytes)
	case key.Int >= 0 && key.Int < int64(t.Len(container.Ref)):
		here.v = t.At(container.Ref, int(key.Int))
	}
	return nil
}

func (p *parser) call(here *place) error {
	args, err := p.arguments()
	if err != nil {
		return err
	}
	for i := range here.t.Func {
		f := &here.t.Func[i]
		if (f.YARAX && !p.scan.Context.YARAX) || !fits(f.Args, args) {
			continue
		}
		v := f.Call(p.scan.Context, here.self, args)
		if v.Kind != f.Result && v.Kind != module.KindUndefined {
			return fmt.Errorf("%q: result of kind %d, declared %d", p.text, v.Kind, f.Result)
		}
		here.v = v
		return nil
	}
	return fmt.Errorf("%q: no overload for these arguments", p.text)
}

func fits(kinds []module.Kind, args []module.Value) bool {
	if len(kinds) != len(args) {
		return false
	}
	for i := range kinds {
		if kinds[i] != args[i].Kind {
			return false
		}
	}
	return true
}

func (p *parser) arguments() (args []module.Value, err error) {
	p.at++
	for p.at < len(p.text) && p.text[p.at] != ')' {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		args = append(args, v)
		for p.at < len(p.text) && (p.text[p.at] == ',' || p.text[p.at] == ' ') {
			p.at++
		}
	}
	p.at++
	return args, nil
}

func (p *parser) literal() (module.Value, error) {
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, `"`):
		q, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return module.Value{}, err
		}
		p.at += len(q)
		s, err := strconv.Unquote(q)
		return module.String(s), err
	case strings.HasPrefix(rest, "/"):
		return p.regexp()
	case strings.HasPrefix(rest, "true"), strings.HasPrefix(rest, "false"):
		return module.Bool(p.word() == "true"), nil
	}
	return p.number()
}

func (p *parser) number() (module.Value, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("]), ", p.text[p.at]) < 0 {
		p.at++
	}
	w := p.text[start:p.at]
	if i, err := strconv.ParseInt(w, 0, 64); err == nil {
		return module.Int(i), nil
	}
	f, err := strconv.ParseFloat(w, 64)
	return module.Float(f), err
}

// Regexp is a Go regular expression as an argument.
type Regexp struct{ re *regexp.Regexp }

// Match implements module.Regexp.
func (r Regexp) Match(data []byte) bool { return r.re.Match(data) }

func (p *parser) regexp() (module.Value, error) {
	end := strings.IndexByte(p.text[p.at+1:], '/')
	if end < 0 {
		return module.Value{}, fmt.Errorf("%q: open regular expression", p.text)
	}
	source := p.text[p.at+1 : p.at+1+end]
	p.at += end + 2
	if p.at < len(p.text) && p.text[p.at] == 'i' {
		p.at++
		source = "(?i)" + source
	}
	re, err := regexp.Compile(source)
	return module.Ref(module.KindRegexp, Regexp{re}), err
}
