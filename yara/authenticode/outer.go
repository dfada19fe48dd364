package authenticode

import "encoding/binary"

// What the header of a certificate table says of a PKCS #7 message.
const (
	tableRevision = 0x0200
	tablePKCS7    = 2
)

// Outer reads the signature that lies in no other, however much of it is
// wrong: certificates that can be read are given though others cannot, and
// though there is no signer. It is nil when nothing is there, or something else
// than PKCS #7. Countersignatures are those of PKCS #9 only.
//
// Verified is stricter than for one of Parse: the digest must be one of a PE
// file, and the signed attributes must name the type of the contents.
func Outer(f File) *Signature {
	n := int64(len(f.Data))
	if f.At <= 0 || f.At > n || f.Size < certificateHeader || f.Size > n-f.At {
		return nil
	}
	table := f.Data[f.At : f.At+f.Size]
	if binary.LittleEndian.Uint16(table[4:]) != tableRevision || binary.LittleEndian.Uint16(table[6:]) != tablePKCS7 {
		return nil
	}
	data, _ := readMessage(table[certificateHeader:], false)
	if data == nil {
		return nil
	}
	s := &Signature{file: &f, signed: data, certs: data.certs, strict: true}
	if s.hasSigner = s.readIndirectData(); s.hasSigner && data.signer != nil {
		s.signer = data.signer
		s.own = s.signer.certificate(data.certs)
		s.chain = chain(s.own, data.certs)
		s.readOldStamps()
	}
	return s
}

// ofProgram reports whether the signature says of itself, under the signature,
// that it is one over the digest of a PE file.
func (s *Signature) ofProgram() bool {
	named, ok := s.signer.signedValue(oidContentType)
	return ok && named.tag == tagOID && dotted(named.body) == oidIndirectData && s.kind == oidPEImage
}
