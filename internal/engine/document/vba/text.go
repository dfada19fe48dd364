package vba

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// upperHalf gives the letters that a Windows code page of one byte to a letter
// has for the bytes from 0x80 on; "" for a page that is not known here, as are
// those of East Asia. Their bytes are kept as they are.
func upperHalf(page uint16) string {
	switch page {
	case 1250:
		return "€\u0081‚\u0083„…†‡\u0088‰Š‹ŚŤŽŹ\u0090‘’“”•–—\u0098™š›śťžź" +
			"\u00a0ˇ˘Ł¤Ą¦§¨©Ş«¬\u00ad®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙"
	case 1251:
		return "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u0098™љ›њќћџ" +
			"\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"
	case 1252:
		return "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ" +
			"\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
	case 1253:
		return "€\u0081‚ƒ„…†‡\u0088‰\u008a‹\u008c\u008d\u008e\u008f\u0090‘’“”•–—\u0098™\u009a›\u009c\u009d\u009e\u009f" +
			"\u00a0΅Ά£¤¥¦§¨©ª«¬\u00ad®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡÒΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώÿ"
	case 1254:
		return "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008d\u008e\u008f\u0090‘’“”•–—˜™š›œ\u009d\u009eŸ" +
			"\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ"
	case 1257:
		return "€\u0081‚\u0083„…†‡\u0088‰\u008a‹\u008c¨ˇ¸\u0090‘’“”•–—\u0098™\u009a›\u009c¯˛\u009f" +
			"\u00a0¡¢£¤¥¦§Ø©Ŗ«¬\u00ad®Æ°±²³´µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙"
	}
	return ""
}

// Text decodes bytes of a Windows code page to UTF-8, as far as the page is
// known.
func Text(b []byte, page uint16) string {
	var out bytes.Buffer
	upper := []rune(upperHalf(page))
	for _, c := range b {
		decodeByte(&out, c, upper)
	}
	return out.String()
}

func decodeByte(out *bytes.Buffer, c byte, upper []rune) {
	if c < utf8.RuneSelf || len(upper) != 128 {
		out.WriteByte(c)
	} else {
		out.WriteRune(upper[c-utf8.RuneSelf])
	}
}

// TextReader decodes what r gives as Text does.
func TextReader(r io.Reader, page uint16) io.Reader {
	if upperHalf(page) == "" {
		return r
	}
	return &textReader{r: r, upper: []rune(upperHalf(page))}
}

type textReader struct {
	r     io.Reader
	upper []rune
	in    [512]byte
	out   bytes.Buffer
	err   error
}

// Read gives UTF-8.
func (t *textReader) Read(p []byte) (int, error) {
	for t.out.Len() == 0 {
		if t.err != nil {
			return 0, t.err
		}
		var n int
		n, t.err = t.r.Read(t.in[:])
		for _, c := range t.in[:n] {
			decodeByte(&t.out, c, t.upper)
		}
	}
	return t.out.Read(p)
}
