package pe

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"

	"vitrine/yara/internal/module"
)

// importHash is the MD5 of the imported functions in the order of the file,
// each as library.function in lower case, joined by commas, as Mandiant
// described it in 2014. The library goes without .dll, .sys or .ocx.
func importHash(_ *module.Context, f *file, _ []module.Value) module.Value {
	return module.Bytes(*f.imphash.Get(func() []byte {
		digest := md5.New()
		var line []byte
		for _, lib := range f.standard().libraries {
			stem := withoutExtension(lib.name)
			for _, fn := range lib.functions {
				line = appendLower(line, stem)
				line = append(line, '.')
				line = appendLower(line, fn.name)
				digest.Write(line)
				line = append(line[:0], ',')
			}
		}
		return hex.AppendEncode(nil, digest.Sum(nil))
	}))
}

func withoutExtension(name []byte) []byte {
	dot := bytes.LastIndexByte(name, '.')
	if dot < 0 {
		return name
	}
	ext := name[dot:]
	if hasPrefixFold(ext, ".dll") || hasPrefixFold(ext, ".sys") || hasPrefixFold(ext, ".ocx") {
		return name[:dot]
	}
	return name
}

func appendLower(dst, s []byte) []byte {
	for _, c := range s {
		dst = append(dst, lower(c))
	}
	return dst
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFold compares without regard to the case of ASCII letters only.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func hasPrefixFold(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], []byte(prefix))
}
