package lnk

// named is a constant of the module.
type named struct {
	Name  string
	Value int64
}

// attributes are those of a file as [MS-SHLLINK] 2.1.2 names them.
var attributes = []named{
	{"FILE_ATTRIBUTE_READONLY", 0x1}, {"FILE_ATTRIBUTE_HIDDEN", 0x2}, {"FILE_ATTRIBUTE_SYSTEM", 0x4}, {"RESERVED_1", 0x8},
	{"FILE_ATTRIBUTE_DIRECTORY", 0x10}, {"FILE_ATTRIBUTE_ARCHIVE", 0x20}, {"RESERVED_2", 0x40},
	{"FILE_ATTRIBUTE_NORMAL", 0x80}, {"FILE_ATTRIBUTE_TEMPORARY", 0x100}, {"FILE_ATTRIBUTE_SPARSE_FILE", 0x200},
	{"FILE_ATTRIBUTE_REPARSE_POINT", 0x400}, {"FILE_ATTRIBUTE_COMPRESSED", 0x800}, {"FILE_ATTRIBUTE_OFFLINE", 0x1000},
	{"FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 0x2000}, {"FILE_ATTRIBUTE_ENCRYPTED", 0x4000},
}

// showCommands say what the window of the program looks like.
var showCommands = []named{{"NORMAL", 1}, {"MAXIMIZED", 3}, {"MIN_NO_ACTIVE", 7}}

// driveTypes say where the target was.
var driveTypes = []named{
	{"UNKNOWN", 0}, {"NO_ROOT_DIR", 1}, {"REMOVABLE", 2}, {"FIXED", 3}, {"REMOTE", 4}, {"CDROM", 5}, {"RAMDISK", 6},
}

// itemTypes are the kinds of items in an ID list.
var itemTypes = []named{
	{"CONTROL_PANEL_CPL", 0x00}, {"CONTROL_PANEL_CATEGORY", 0x01}, {"ROOT_FOLDER", 0x1f}, {"VOLUME", 0x20},
	{"FILE_ENTRY", 0x30}, {"NETWORK_LOCATION", 0x40}, {"COMPRESSED_FOLDER", 0x52}, {"URI", 0x61},
	{"CONTROL_PANEL", 0x71}, {"PRINTERS", 0x72}, {"COMMON_PLACES_FOLDER", 0x73}, {"USERS_FILES_FOLDER", 0x74},
}
