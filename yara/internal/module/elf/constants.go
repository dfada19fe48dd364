package elf

// named is a constant of the module.
type named struct {
	Name  string
	Value int64
}

// constants are the values of the System V ABI as elf.h names them.
var constants = []named{
	{"ET_NONE", 0}, {"ET_REL", 1}, {"ET_EXEC", 2}, {"ET_DYN", 3}, {"ET_CORE", 4},
	{"EM_NONE", 0}, {"EM_M32", 1}, {"EM_SPARC", 2}, {"EM_386", 3}, {"EM_68K", 4}, {"EM_88K", 5}, {"EM_860", 7},
	{"EM_MIPS", 8}, {"EM_MIPS_RS3_LE", 0xa}, {"EM_PPC", 0x14}, {"EM_PPC64", 0x15}, {"EM_ARM", 0x28},
	{"EM_X86_64", 0x3e}, {"EM_AARCH64", 0xb7},
	{"SHT_NULL", 0}, {"SHT_PROGBITS", 1}, {"SHT_SYMTAB", 2}, {"SHT_STRTAB", 3}, {"SHT_RELA", 4}, {"SHT_HASH", 5},
	{"SHT_DYNAMIC", 6}, {"SHT_NOTE", 7}, {"SHT_NOBITS", 8}, {"SHT_REL", 9}, {"SHT_SHLIB", 0xa},
	{"SHT_DYNSYM", 0xb},
	{"SHF_WRITE", 1}, {"SHF_ALLOC", 2}, {"SHF_EXECINSTR", 4},
	{"PT_NULL", 0}, {"PT_LOAD", 1}, {"PT_DYNAMIC", 2}, {"PT_INTERP", 3}, {"PT_NOTE", 4}, {"PT_SHLIB", 5},
	{"PT_PHDR", 6}, {"PT_TLS", 7}, {"PT_GNU_EH_FRAME", 0x6474e550}, {"PT_GNU_STACK", 0x6474e551},
	{"DT_NULL", 0}, {"DT_NEEDED", 1}, {"DT_PLTRELSZ", 2}, {"DT_PLTGOT", 3}, {"DT_HASH", 4}, {"DT_STRTAB", 5},
	{"DT_SYMTAB", 6}, {"DT_RELA", 7}, {"DT_RELASZ", 8}, {"DT_RELAENT", 9}, {"DT_STRSZ", 0xa}, {"DT_SYMENT", 0xb},
	{"DT_INIT", 0xc}, {"DT_FINI", 0xd}, {"DT_SONAME", 0xe}, {"DT_RPATH", 0xf}, {"DT_SYMBOLIC", 0x10},
	{"DT_REL", 0x11}, {"DT_RELSZ", 0x12}, {"DT_RELENT", 0x13}, {"DT_PLTREL", 0x14}, {"DT_DEBUG", 0x15},
	{"DT_TEXTREL", 0x16}, {"DT_JMPREL", 0x17}, {"DT_BIND_NOW", 0x18}, {"DT_INIT_ARRAY", 0x19},
	{"DT_FINI_ARRAY", 0x1a}, {"DT_INIT_ARRAYSZ", 0x1b}, {"DT_FINI_ARRAYSZ", 0x1c}, {"DT_RUNPATH", 0x1d},
	{"DT_FLAGS", 0x1e}, {"DT_ENCODING", 0x20},
	{"STT_NOTYPE", 0}, {"STT_OBJECT", 1}, {"STT_FUNC", 2}, {"STT_SECTION", 3}, {"STT_FILE", 4},
	{"STT_COMMON", 5}, {"STT_TLS", 6},
	{"STB_LOCAL", 0}, {"STB_GLOBAL", 1}, {"STB_WEAK", 2},
	{"PF_X", 1}, {"PF_W", 2}, {"PF_R", 4},
}
