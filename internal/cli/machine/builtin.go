package machine

import (
	"vitrine/internal/engine/starter"
	"vitrine/yara"
)

// builtin gives the rules that come with the program, under the names that
// their files have in the source of the program.
func builtin() []yara.Source {
	sources := starter.Sources()
	for i := range sources {
		sources[i].Name = "internal/engine/starter/" + sources[i].Name
	}
	return sources
}
