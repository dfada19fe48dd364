package dotnet

import (
	"fmt"

	"vitrine/yara/internal/module"
)

const (
	maxGUIDs       = 16
	maxUserStrings = 1 << 18
)

func heapTree() []module.Field {
	fields := listFields("guids", textType(), (*file).guidList, bytesOf)
	return append(fields, listFields("user_strings", textType(), (*file).userStrings, bytesOf)...)
}

func (f *file) guidList() *counted[[]byte] {
	return f.guids.Get(func() (c counted[[]byte]) {
		s := f.streamPart().guid
		if s == nil {
			return c
		}
		c.known = true
		for n := range min(int64(s.size)/16, maxGUIDs) {
			at := s.at + 16*n
			if !f.fits(at, 16) {
				break
			}
			c.list = append(c.list, fmt.Appendf(nil, "%08x-%04x-%04x-%x-%x",
				f.u32(at), f.u16(at+4), f.u16(at+6), f.data[at+8:at+10], f.data[at+10:at+16]))
		}
		return c
	})
}

// userStrings reads the strings of UTF-16 that the code uses. A byte with flags
// ends each; libyara leaves it out, and empty strings too.
func (f *file) userStrings() *counted[[]byte] {
	return f.strings.Get(func() (c counted[[]byte]) {
		s := f.streamPart().user
		if s == nil || s.size == 0 || !f.fits(s.at, int64(s.size)) || f.data[s.at] != 0 {
			return c
		}
		c.known = true
		for at := s.at + 1; at < s.at+int64(s.size) && len(c.list) < maxUserStrings; {
			text, begin, ok := f.blob(at)
			if !ok {
				break
			}
			at = begin
			if n := len(text) - 1; n > 0 {
				c.list = append(c.list, text[:n])
				at += int64(n)
			}
		}
		return c
	})
}
