package config

import (
	"slices"
	"time"
)

// Adopt takes the values of some keys over from another configuration, with
// their sources, and gives the names of the other keys whose values differ there:
// those are not in force.
func (l *Loaded) Adopt(from *Loaded, names ...string) (left []string) {
	if l.sources == nil {
		l.sources = map[string]string{}
	}
	l.File = from.File
	theirs := from.Config.keys()
	for i, k := range l.Config.keys() {
		if !slices.Contains(names, k.name) {
			if literal(k.plain()) != literal(theirs[i].plain()) {
				left = append(left, k.name)
			}
			continue
		}
		k.copy(theirs[i])
		delete(l.sources, k.name)
		if source, known := from.sources[k.name]; known {
			l.sources[k.name] = source
		}
	}
	return left
}

// copy takes the value of the same key of another configuration.
func (k key) copy(from key) {
	switch at := k.at.(type) {
	case *string:
		*at = *from.at.(*string)
	case *bool:
		*at = *from.at.(*bool)
	case *int:
		*at = *from.at.(*int)
	case *[]string:
		*at = slices.Clone(*from.at.(*[]string))
	case *time.Duration:
		*at = *from.at.(*time.Duration)
	case *size:
		*at = *from.at.(*size)
	}
}
