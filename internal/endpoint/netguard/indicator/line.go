package indicator

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// entry is what one token of a line stands for: a network, or a name.
type entry struct {
	prefix netip.Prefix // valid for networks; IPv4-mapped ones are IPv4
	ports  Ports
	name   string // lower-case, without a dot at the end
	match  Match
}

// errIgnored is a token that stands in public lists and means nothing.
var errIgnored = errors.New("means nothing here")

// content gives what a line says without comments, or "".
func content(line string) string {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "//") || strings.ContainsRune("#;!", rune(line[0])) {
		return ""
	}
	for i := 1; i < len(line); i++ {
		if (line[i] == '#' || line[i] == ';') && (line[i-1] == ' ' || line[i-1] == '\t') {
			return strings.TrimSpace(line[:i])
		}
	}
	return line
}

// parseLine gives each token of a line to take, with what it stands for or why
// it cannot be used.
func parseLine(line string, take func(token string, e entry, err error)) {
	fields := strings.Fields(content(line))
	switch {
	case len(fields) == 0:
	case len(fields) == 1:
		e, err := parseToken(fields[0])
		take(fields[0], e, err)
	default:
		parseHosts(fields, take)
	}
}

// parseHosts reads a line of a hosts file: an address that leads nowhere, and
// names.
func parseHosts(fields []string, take func(string, entry, error)) {
	addr, err := netip.ParseAddr(fields[0])
	switch {
	case err != nil:
		take(strings.Join(fields, " "), entry{}, errors.New("more than one word, and no line of a hosts file"))
		return
	case !addr.IsUnspecified() && !addr.IsLoopback() && addr != netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		take(strings.Join(fields, " "), entry{}, errors.New("a hosts line that leads to an address is no block"))
		return
	}
	for _, name := range fields[1:] {
		e, err := parseHostsName(name)
		take(name, e, err)
	}
}

func parseHostsName(name string) (entry, error) {
	switch name {
	case "localhost", "localhost.localdomain", "local", "broadcasthost", "localhost4", "localhost6",
		"ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "0.0.0.0":
		return entry{}, errIgnored
	}
	name, err := cleanName(refang(name))
	return entry{name: name, match: Exact}, err
}

// refang undoes what is done to indicators so that nobody clicks on them.
func refang(s string) string {
	if strings.ContainsAny(s, "[({") {
		s = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[:]", ":", "[://]", "://", "[/]", "/").Replace(s)
	}
	if len(s) > 4 && (s[0] == 'h' || s[0] == 'H') {
		if low := strings.ToLower(s[:4]); low == "hxxp" || low == "h**p" || low == "htxp" {
			s = "http" + s[4:]
		}
	}
	return s
}

// parseToken reads one indicator.
func parseToken(token string) (entry, error) {
	s := refang(token)
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		return parseURL(strings.ToLower(scheme), rest)
	}
	if rest, ok := strings.CutPrefix(s, "||"); ok {
		s = strings.TrimSuffix(rest, "^")
	}
	if e, ok, err := parseNetwork(s); ok {
		return e, err
	}
	return parseName(s)
}

func parseURL(scheme, rest string) (entry, error) {
	if scheme != "http" && scheme != "https" {
		return entry{}, errors.New("a URL that is neither http nor https")
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if e, ok, err := parseNetwork(rest); ok {
		return e, err
	}
	e, err := parseName(rest)
	if err == nil && e.match == Below {
		return entry{}, errors.New("a URL with a star for its host")
	}
	e.match = Exact
	return e, err
}

// parseName reads name, .name, *.name, name:port. A port is dropped: whoever
// asks for a name has not said which port it is for.
func parseName(s string) (entry, error) {
	e := entry{match: WithBelow}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		if _, err := parsePorts(s[i+1:]); err != nil {
			return e, err
		}
		s = s[:i]
	}
	if rest, ok := strings.CutPrefix(s, "*."); ok {
		s, e.match = rest, Below
	} else {
		s = strings.TrimPrefix(s, ".")
	}
	var err error
	e.name, err = cleanName(s)
	return e, err
}

// cleanName gives a name in the form it is compared in.
func cleanName(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return "", errors.New("a name has 1 to 253 bytes")
	}
	label, dots, digits := 0, 0, true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return "", errors.New("a name with nothing between two dots")
			}
			label, dots, digits = 0, dots+1, true
			continue
		case c >= '0' && c <= '9':
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_':
			digits = false
		case c >= 0x80:
			return "", errors.New("letters beyond ASCII: write the name as it is asked for, xn--…")
		case c == '/':
			return "", errors.New("a path without http:// in front")
		default:
			return "", errors.New("neither an address nor a name")
		}
		if label++; label > 63 {
			return "", errors.New("more than 63 bytes between two dots")
		}
	}
	switch {
	case label == 0:
		return "", errors.New("a name with nothing between two dots")
	case digits:
		return "", errors.New("not an address, and no name ends in a number")
	case dots == 0:
		return "", errors.New("one word alone: a whole top-level domain, or a slip")
	}
	return strings.ToLower(s), nil
}

// parsePorts reads 80 or 80-90.
func parsePorts(s string) (Ports, error) {
	low, high, two := strings.Cut(s, "-")
	if !two {
		high = low
	}
	a, err1 := strconv.ParseUint(low, 10, 16)
	b, err2 := strconv.ParseUint(high, 10, 16)
	if err1 != nil || err2 != nil || a == 0 || b < a {
		return Ports{}, errors.New("ports are 1 to 65535, as 80 or 80-90")
	}
	if a == 1 && b == 65535 {
		return Ports{}, nil
	}
	return Ports{uint16(a), uint16(b)}, nil
}
