package yara

import "vitrine/yara/internal/modules"

// Modules lists the names of the modules that rules can import, in
// alphabetical order.
func Modules() []string { return modules.Names() }
