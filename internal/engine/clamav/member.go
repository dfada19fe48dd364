package clamav

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vitrine/internal/engine/clamav/sigtext"
)

// Member is what is known of a member of an archive.
type Member struct {
	Container     string // the format, as "zip"
	ContainerSize int64
	Name          string
	Size          int64 // unpacked; negative: not known
	Position      int   // among the members, from 1
}

// span is an inclusive range; the zero span has every number.
type span struct {
	low, high int64
	set       bool
}

func (s span) has(n int64) bool { return !s.set || n >= s.low && n <= s.high }

// memberSignature is one line of a .cdb file.
type memberSignature struct {
	name                          string
	container                     string
	file                          *regexp.Regexp // nil: any name
	containerSize, size, position span
}

func (m *memberSignature) fits(x Member) bool {
	return containerFits(m.container, x.Container) && (m.file == nil || m.file.MatchString(x.Name)) &&
		m.containerSize.has(x.ContainerSize) && m.position.has(int64(x.Position)) &&
		(!m.size.set || x.Size >= 0 && m.size.has(x.Size))
}

// member reads name:container:container size:file name:packed size:size:
// encrypted:position:reserved:reserved, and perhaps levels.
func (l *Loader) member(e *entry) error {
	f := strings.Split(e.text, ":")
	if len(f) < 10 || len(f) > 12 {
		return fmt.Errorf("%d fields, expected 10 to 12", len(f))
	}
	if _, err := sigtext.Levels(f[10:]); err != nil {
		return err
	}
	m := memberSignature{name: f[0], container: f[1]}
	if m.container == "*" || m.container == "CL_TYPE_ANY" {
		m.container = ""
	}
	if l.ignored.line(m.name, e.text) {
		return errIgnored
	}
	var err error
	if f[3] != "*" {
		if m.file, err = regexp.Compile(f[3]); err != nil {
			return fmt.Errorf("file name: %w", err)
		}
	}
	for _, x := range []struct {
		text string
		span *span
	}{{f[2], &m.containerSize}, {f[5], &m.size}, {f[7], &m.position}} {
		if *x.span, err = parseSpan(x.text); err != nil {
			return err
		}
	}
	return l.addMember(m, f[4], f[6])
}

func (l *Loader) addMember(m memberSignature, packed, encrypted string) error {
	if _, err := parseSpan(packed); err != nil {
		return err
	}
	switch {
	case encrypted != "*" && encrypted != "0" && encrypted != "1":
		return fmt.Errorf("encrypted is %q, expected 0, 1 or *", encrypted)
	case packed != "*":
		return sigtext.Unsupported("packed sizes of members")
	case encrypted != "*":
		return sigtext.Unsupported("whether a member is encrypted")
	case !knownContainer(m.container), m.container == typeOLE:
		return sigtext.Unsupported("the container " + m.container)
	}
	l.members = append(l.members, m)
	return nil
}

func parseSpan(text string) (span, error) {
	if text == "*" {
		return span{}, nil
	}
	a, b, ranged := strings.Cut(text, "-")
	if !ranged {
		b = a
	}
	low, err1 := strconv.ParseUint(a, 10, 40)
	high, err2 := strconv.ParseUint(b, 10, 40)
	if err1 != nil || err2 != nil {
		return span{}, fmt.Errorf("%q, expected a number, a range or *", text)
	}
	return span{int64(low), int64(high), true}, nil
}

// typeOLE is a container for the attribute of that name only: the streams in
// it are no members to .cdb signatures.
const typeOLE = "CL_TYPE_MSOLE2"

// formats gives the formats of archives that ClamAV's name of a file type
// stands for; nil: none that is known here.
func formats(name string) []string {
	switch name {
	case "CL_TYPE_ZIP", "CL_TYPE_ZIPSFX":
		return []string{"zip"}
	case "CL_TYPE_RAR", "CL_TYPE_RARSFX":
		return []string{"rar"}
	case "CL_TYPE_7Z", "CL_TYPE_7ZSFX":
		return []string{"7z"}
	case "CL_TYPE_POSIX_TAR", "CL_TYPE_OLD_TAR":
		return []string{"tar"}
	case "CL_TYPE_CPIO_OLD", "CL_TYPE_CPIO_ODC", "CL_TYPE_CPIO_NEWC", "CL_TYPE_CPIO_CRC":
		return []string{"cpio"}
	case "CL_TYPE_GZ":
		return []string{"gzip"}
	case "CL_TYPE_BZ":
		return []string{"bzip2"}
	case "CL_TYPE_XZ":
		return []string{"xz"}
	case "CL_TYPE_MSCAB", "CL_TYPE_CABSFX":
		return []string{"cab"}
	case "CL_TYPE_ISO9660":
		return []string{"iso"}
	case "CL_TYPE_UDF":
		return []string{"udf"}
	case typeOLE:
		return []string{"ole"}
	}
	return nil
}

func knownContainer(name string) bool {
	return name == "" || name == "CL_TYPE_ANY" || formats(name) != nil
}

func containerFits(name, format string) bool {
	if name == "" {
		return true
	}
	for _, f := range formats(name) {
		if f == format {
			return true
		}
	}
	return name == "CL_TYPE_ANY" && format == ""
}
