package yara

import (
	"context"
	"os"
	"testing"
)

func find(list []Member, name string) any {
	for _, m := range list {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

func TestInspect(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Inspect(context.Background(), "elf", self, nil)
	if err != nil {
		t.Fatal(err)
	}
	sections, _ := find(list, "sections").([]any)
	count, _ := find(list, "number_of_sections").(int64)
	if count == 0 || int64(len(sections)) != count {
		t.Errorf("%d sections are listed of %d", len(sections), count)
	}
	if first, ok := sections[1].([]Member); !ok || find(first, "name") == nil {
		t.Errorf("a section is %v", sections[1])
	}
	if find(list, "ET_EXEC") != nil {
		t.Error("a constant is listed")
	}
	if list, err := Inspect(context.Background(), "elf", []byte("no such thing"), nil); err != nil || len(list) != 0 {
		t.Errorf("in text the module finds %v, %v", list, err)
	}
	if _, err := Inspect(context.Background(), "nothing", nil, nil); err == nil {
		t.Error("a module that is not there is inspected")
	}
}

func TestInspectAnyBytesWithEveryModule(t *testing.T) {
	for _, name := range Modules() {
		for _, data := range []string{"", "MZ", "\x7fELF\x02\x01\x01", "\xca\xfe\xba\xbe\x00\x00\x00\xff", "dex\n035\x00"} {
			if _, err := Inspect(context.Background(), name, []byte(data), nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
