package engine

import (
	"vitrine/internal/engine/archive"
	"vitrine/internal/engine/clamav"
	"vitrine/internal/engine/limit"
)

// signatures holds one object against ClamAV's databases. It returns true for
// one that they list as a false positive, or whose signer they trust: neither
// it nor what is inside it has findings of theirs. A panic is contained to this
// object.
func (s *scan) signatures(path []string, data []byte, part bool) (trusted bool) {
	if s.w.signatures == nil || s.trusted > 0 {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			s.incomplete(path, limit.Errorf(limit.Panic, "signatures: %v", p))
			// What the scanner left half done is not to be trusted.
			if again, err := s.config.Signatures.NewScanner(); err == nil {
				s.w.signatures = again
			}
		}
	}()
	result, err := s.w.signatures.Scan(s.ctx, clamav.View{Data: data, Container: s.inside, Part: part})
	s.signatureResult(path, result)
	if err != nil {
		if stop := s.w.budget.Check(); stop != nil {
			err = stop
		}
		s.incomplete(path, err)
	}
	return result.Trusted
}

func (s *scan) signatureResult(path []string, result *clamav.Result) {
	for _, f := range result.Findings {
		s.finding(Finding{Path: path, Name: f.Name, Digest: f.Digest})
	}
	for _, text := range result.Limits {
		s.incomplete(path, limit.Errorf(limit.Rules, "%s", text))
	}
}

// member holds what the container says of a member against the databases.
func (v *visitor) member(path []string, m archive.Member) {
	v.members++
	s := v.s
	s.inside = v.container.Format.String()
	if s.w.signatures == nil || s.trusted > 0 || !s.config.Signatures.Members() {
		return
	}
	size := int64(len(m.Data))
	if isPart(m.Err) {
		size = -1
	}
	s.signatureResult(path, s.w.signatures.Member(clamav.Member{
		Container: s.inside, ContainerSize: int64(len(v.container.Data)), Name: m.Name, Size: size, Position: v.members,
	}))
}
