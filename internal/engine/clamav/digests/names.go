package digests

import "strconv"

// noNumber marks a name that has no number a form could do without.
const noNumber = ^uint32(0)

// names holds the forms: what stands before a number and behind it, with a
// zero byte between. Names of a family differ in the number only, so millions
// of names are some ten thousand forms.
type names struct {
	blob []byte
	ends []uint32 // of each form in blob
}

func (n *names) add(form []byte) uint32 {
	n.blob = append(n.blob, form...)
	n.ends = append(n.ends, uint32(len(n.blob)))
	return uint32(len(n.ends) - 1)
}

func (n *names) at(form, number uint32) string {
	var begin uint32
	if form > 0 {
		begin = n.ends[form-1]
	}
	b := n.blob[begin:n.ends[form]]
	for i, c := range b {
		if c != 0 {
			continue
		}
		if number == noNumber {
			return string(b[:i]) + string(b[i+1:])
		}
		return string(b[:i]) + strconv.FormatUint(uint64(number), 10) + string(b[i+1:])
	}
	return string(b)
}

// split takes the longest number out of a name, the last of equals. A number
// that would not be written the same way again is none.
func split(name []byte) (before []byte, number uint32, after []byte) {
	best, length := 0, 0
	for i := 0; i < len(name); {
		j := i
		for j < len(name) && name[j] >= '0' && name[j] <= '9' {
			j++
		}
		if n := j - i; n >= length && n > 0 && n < 10 && (name[i] != '0' || n == 1) {
			best, length = i, n
		}
		i = max(j, i+1)
	}
	if length == 0 {
		return name, noNumber, nil
	}
	for _, c := range name[best : best+length] {
		number = number*10 + uint32(c-'0')
	}
	return name[:best], number, name[best+length:]
}
