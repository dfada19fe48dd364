package str_test

import (
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/moduletest"
	"vitrine/yara/internal/module/str"
)

func TestNumbers(t *testing.T) {
	moduletest.Check(t, moduletest.Open(str.Module(), nil), [][2]string{
		{`to_int("1234")`, "1234"}, {`to_int("-10")`, "-10"}, {`to_int("+10")`, "10"},
		{`to_int("0x10")`, "16"}, {`to_int("0XfF")`, "255"}, {`to_int("010")`, "8"}, {`to_int("0")`, "0"},
		{`to_int(" \t\n7")`, "7"}, {`to_int("7 ")`, "undefined"}, {`to_int("7\x009")`, "7"},
		{`to_int("")`, "undefined"}, {`to_int("-")`, "undefined"}, {`to_int("--1")`, "undefined"},
		{`to_int("0x")`, "undefined"}, {`to_int("0xg")`, "undefined"}, {`to_int("08")`, "undefined"},
		{`to_int("1_0")`, "undefined"}, {`to_int("10A20")`, "undefined"},
		{`to_int("9223372036854775807")`, "9223372036854775807"},
		{`to_int("9223372036854775808")`, "undefined"},
		{`to_int("-9223372036854775808")`, "-9223372036854775808"},
		{`to_int("-9223372036854775809")`, "undefined"},
		{`to_int("99999999999999999999")`, "undefined"},
		{`to_int("A", 16)`, "10"}, {`to_int("0xA", 16)`, "10"}, {`to_int("zZ", 36)`, "1295"},
		{`to_int("-011", 8)`, "-9"}, {`to_int("12", 2)`, "undefined"}, {`to_int("0x1", 0)`, "1"},
		{`to_int("1", 1)`, "undefined"}, {`to_int("1", 37)`, "undefined"}, {`to_int("1", -2)`, "undefined"},
		{`length("AX\x00ERS")`, "6"}, {`length("")`, "0"},
	})
}

func TestYARAX(t *testing.T) {
	s := moduletest.OpenIn(str.Module(), module.Context{YARAX: true})
	moduletest.Check(t, s, [][2]string{
		{`to_int("1234")`, "1234"}, {`to_int("+5")`, "5"}, {`to_int("010")`, "10"},
		{`to_int("0x10")`, "undefined"}, {`to_int(" 1")`, "undefined"}, {`to_int("7\x00")`, "undefined"},
		{`to_int("A", 16)`, "10"}, {`to_int("0xA", 16)`, "undefined"}, {`to_int("1", 0)`, "undefined"},
	})
}
