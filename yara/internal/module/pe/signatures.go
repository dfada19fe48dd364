package pe

import (
	"encoding/hex"

	"vitrine/yara/authenticode"
	"vitrine/yara/internal/module"
)

const securityDirectory = 4

type (
	certificate      = authenticode.Certificate
	signature        = authenticode.Signature
	countersignature = authenticode.Countersignature
)

// signatureList reads the signatures once. The security directory holds an
// offset in the file, not an address.
func (f *file) signatureList() []*signature {
	return *f.signatures.Get(func() []*signature {
		d := f.directory(securityDirectory)
		// The sum wraps at 32 bits in libyara, and so it does here.
		if int64(d.address+d.size) > int64(len(f.data)) {
			return nil
		}
		return authenticode.Parse(authenticode.File{
			Data: f.data, NT: f.nt, Wide: f.is64,
			At: int64(d.address), Size: int64(d.size), Stop: f.ctx.Cancelled,
		})
	})
}

func (f *file) signed() int64 {
	for _, s := range f.signatureList() {
		if s.Verified() {
			return 1
		}
	}
	return 0
}

func signatureTree() []module.Field {
	list := module.List(signatureType(),
		func(f *file) int { return len(f.signatureList()) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, f.signatureList()[i]) })
	return []module.Field{
		intField("is_signed", (*file).signed),
		intField("number_of_signatures", func(f *file) int64 { return int64(len(f.signatureList())) }),
		module.Part("signatures", list, func(f *file) module.Value { return module.Ref(module.KindArray, f) }),
	}
}

// signatureType shows the signer's certificate as fields of the signature
// itself, as YARA did before it knew of more.
func signatureType() *module.Type {
	fields := certificateFields((*signature).Signer)
	fields = append(fields,
		module.Got("verified", module.KindInt, func(s *signature) module.Value { return truth(s.Verified()) }),
		module.Got("digest_alg", module.KindString, func(s *signature) module.Value { return ifKnown(s.DigestAlgorithm()) }),
		module.Got("digest", module.KindString, func(s *signature) module.Value { return hexText(s.Digest()) }),
		module.Got("file_digest", module.KindString, func(s *signature) module.Value { return hexText(s.FileDigest()) }),
		module.Got("number_of_certificates", module.KindInt, func(s *signature) module.Value {
			return module.Int(int64(len(s.Certificates())))
		}),
		certificateList("certificates", (*signature).Certificates),
		module.Inner("signer_info", signerFields()...),
		module.Got("number_of_countersignatures", module.KindInt, func(s *signature) module.Value {
			return module.Int(int64(len(s.Countersignatures())))
		}),
		module.Part("countersignatures", countersignatureList(), func(s *signature) module.Value {
			return module.Ref(module.KindArray, s)
		}),
		module.Function("valid_on", module.Overload("i", module.KindInt, validOn)),
	)
	return module.Struct(fields...)
}

// ifKnown makes a string of what may not be there.
func ifKnown(s string, ok bool) module.Value {
	if !ok {
		return module.Undefined()
	}
	return module.String(s)
}

func hexText(b []byte) module.Value {
	if len(b) == 0 {
		return module.Undefined()
	}
	return module.Bytes(hex.AppendEncode(nil, b))
}

// certificateFields declares what is shown of a certificate that a T leads to.
func certificateFields[T any](of func(T) *certificate) []module.Field {
	field := func(name string, kind module.Kind, get func(c *certificate) module.Value) module.Field {
		return module.Got(name, kind, func(t T) module.Value {
			if c := of(t); c != nil {
				return get(c)
			}
			return module.Undefined()
		})
	}
	text := func(name string, get func(c *certificate) string) module.Field {
		return field(name, module.KindString, func(c *certificate) module.Value { return module.String(get(c)) })
	}
	return []module.Field{
		text("thumbprint", (*certificate).Thumbprint), text("issuer", (*certificate).Issuer),
		text("subject", (*certificate).Subject), text("algorithm", (*certificate).Algorithm),
		text("algorithm_oid", (*certificate).AlgorithmOID),
		field("version", module.KindInt, func(c *certificate) module.Value { return module.Int(c.Version()) }),
		field("serial", module.KindString, func(c *certificate) module.Value { return ifKnown(c.Serial()) }),
		field("not_before", module.KindInt, func(c *certificate) module.Value {
			return known(c.NotBefore())
		}),
		field("not_after", module.KindInt, func(c *certificate) module.Value {
			return known(c.NotAfter())
		}),
	}
}

func known(v int64, ok bool) module.Value {
	if !ok {
		return module.Undefined()
	}
	return module.Int(v)
}

// certificateList declares an array of certificates of a T.
func certificateList[T any](name string, of func(T) []*certificate) module.Field {
	elem := module.Struct(certificateFields(func(c *certificate) *certificate { return c })...)
	list := module.List(elem,
		func(t T) int { return len(of(t)) },
		func(t T, i int) module.Value { return module.Ref(module.KindStruct, of(t)[i]) })
	return module.Part(name, list, func(t T) module.Value { return module.Ref(module.KindArray, t) })
}

func signerFields() []module.Field {
	return []module.Field{
		module.Got("program_name", module.KindString, func(s *signature) module.Value { return ifKnown(s.ProgramName()) }),
		module.Got("digest_alg", module.KindString, func(s *signature) module.Value {
			name, _, ok := s.SignerDigest()
			return ifKnown(name, ok)
		}),
		module.Got("digest", module.KindString, func(s *signature) module.Value {
			_, digest, _ := s.SignerDigest()
			return hexText(digest)
		}),
		module.Got("length_of_chain", module.KindInt, func(s *signature) module.Value {
			return known(int64(len(s.Chain())), s.HasSigner())
		}),
		certificateList("chain", (*signature).Chain),
	}
}

func countersignatureList() *module.Type {
	elem := module.Struct(
		module.Got("verified", module.KindInt, func(c *countersignature) module.Value { return truth(c.Verified()) }),
		module.Got("sign_time", module.KindInt, func(c *countersignature) module.Value { return module.Int(c.SignTime()) }),
		module.Got("digest_alg", module.KindString, func(c *countersignature) module.Value { return ifKnown(c.DigestAlgorithm()) }),
		module.Got("digest", module.KindString, func(c *countersignature) module.Value { return hexText(c.Digest()) }),
		module.Got("length_of_chain", module.KindInt, func(c *countersignature) module.Value {
			return module.Int(int64(len(c.Chain())))
		}),
		certificateList("chain", (*countersignature).Chain),
	)
	return module.List(elem,
		func(s *signature) int { return len(s.Countersignatures()) },
		func(s *signature, i int) module.Value { return module.Ref(module.KindStruct, s.Countersignatures()[i]) })
}

// validOn asks whether the signer's certificate held at a time.
func validOn(_ *module.Context, s *signature, args []module.Value) module.Value {
	if s.Signer() == nil {
		return module.Undefined()
	}
	from, ok1 := s.Signer().NotBefore()
	to, ok2 := s.Signer().NotAfter()
	if !ok1 || !ok2 {
		return module.Undefined()
	}
	return truth(args[0].Int >= from && args[0].Int <= to)
}
