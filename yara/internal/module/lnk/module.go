// Package lnk is YARA-X's module lnk: what a Windows shortcut says of its target
// and of the machine it was made on.
//
// It reads Microsoft's [MS-SHLLINK], and for the items of the target's ID list
// the layouts that are commonly known, as they are not published. A part that is
// broken ends the reading; what came before stays. A shortcut is never followed.
package lnk

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "lnk", Type: tree(), Open: openModule}
}

// other is the receiver for other files: is_lnk is 0 there, all else Undefined.
type other struct{}

func openModule(c *module.Context) any {
	if f := open(c); f != nil {
		return f
	}
	return other{}
}

// isLnk is the one field that other files have too.
func isLnk(self any) module.Value {
	if _, ok := self.(*file); ok {
		return module.Int(1)
	}
	return module.Int(0)
}

func tree() *module.Type {
	fields := module.Consts(attributes)
	fields = append(fields,
		module.Inner("ShowCommand", module.Consts(showCommands)...),
		module.Inner("DriveType", module.Consts(driveTypes)...),
		module.Inner("ShellItemType", module.Consts(itemTypes)...),
		module.Field{Name: "is_lnk", Type: &module.Type{Kind: module.KindInt}, Get: isLnk},
		header("file_size", module.KindInt, func(f *file) module.Value { return f.number(52) }),
		header("file_attributes", module.KindInt, func(f *file) module.Value { return f.number(24) }),
		header("icon_index", module.KindInt, func(f *file) module.Value { return f.number(56) }),
		header("show_command", module.KindInt, func(f *file) module.Value { return f.enum(60) }),
		header("creation_time", module.KindInt, func(f *file) module.Value { return f.moment(28) }),
		header("access_time", module.KindInt, func(f *file) module.Value { return f.moment(36) }),
		header("write_time", module.KindInt, func(f *file) module.Value { return f.moment(44) }),
	)
	for i, name := range []string{"name", "relative_path", "working_dir", "cmd_line_args", "icon_location"} {
		fields = append(fields, parsed(name, module.KindString, func(b *body) module.Value { return b.texts[i] }))
	}
	return module.Struct(append(fields,
		parsed("volume_label", module.KindString, func(b *body) module.Value { return b.label }),
		parsed("local_base_path", module.KindString, func(b *body) module.Value { return b.basePath }),
		parsed("common_path_suffix", module.KindString, func(b *body) module.Value { return b.suffix }),
		parsed("drive_type", module.KindInt, func(b *body) module.Value { return b.driveType }),
		parsed("drive_serial_number", module.KindInt, func(b *body) module.Value { return b.serial }),
		parsed("overlay_size", module.KindInt, func(b *body) module.Value { return b.overlaySize }),
		parsed("overlay_offset", module.KindInt, func(b *body) module.Value { return b.overlayAt }),
		trackerTree(), itemTree(),
	)...)
}

func header(name string, kind module.Kind, get func(f *file) module.Value) module.Field {
	return module.Got(name, kind, get)
}

// parsed declares a field of what follows the header.
func parsed(name string, kind module.Kind, get func(b *body) module.Value) module.Field {
	return module.Got(name, kind, func(f *file) module.Value { return get(f.body()) })
}

func trackerTree() module.Field {
	id := func(name string, at int) module.Field {
		return module.Got(name, module.KindString, func(t *tracker) module.Value { return guid(t.data[at:]) })
	}
	return module.Part("tracker_data", module.Struct(
		module.Got("version", module.KindInt, func(t *tracker) module.Value { return module.Int(int64(u32(t.data, 4))) }),
		module.Got("machine_id", module.KindString, func(t *tracker) module.Value { return narrow(t.data[8:24]) }),
		id("droid_volume_id", 24), id("droid_file_id", 40), id("droid_birth_volume_id", 56), id("droid_birth_file_id", 72),
	), func(f *file) module.Value {
		if t := f.body().tracker; t != nil {
			return module.Ref(module.KindStruct, t)
		}
		return module.Undefined()
	})
}

func itemTree() module.Field {
	text := func(name string, get func(i item) module.Value) module.Field {
		return module.Got(name, module.KindString, func(i *item) module.Value { return get(*i) })
	}
	elem := module.Struct(
		module.Got("item_type", module.KindInt, func(i *item) module.Value { return module.Int(i.kind()) }),
		text("data", func(i item) module.Value { return module.Bytes(i[1:]) }),
		text("cpl_file_path", item.controlPanel), text("root_folder_id", item.rootFolder),
		text("volume_name", item.volumeName), text("volume_id", item.volumeID),
		text("file_entry_name", item.fileEntry), text("network_location", item.network),
	)
	list := module.List(elem, func(b *body) int { return len(b.items) },
		func(b *body, i int) module.Value { return module.Ref(module.KindStruct, &b.items[i]) })
	return module.Part("target_id_list", list, func(f *file) module.Value { return module.Ref(module.KindArray, f.body()) })
}
