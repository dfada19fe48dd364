import "elf"
import "math"

rule packed_elf_upx_broken
{
    meta:
        description = "UPX-packed program whose UPX marks were removed to stop unpacking"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "high"
        category = "packed"
    strings:
        $fail = "\x50ROT_EXEC|PROT_WRITE failed."
        $fail_2 = "\x4FT_EXEC|PROT_WRITE failed."
        $self = "\x2Fproc/self/exe"
        $upx = "\x55PX!"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and elf.number_of_sections == 0 and ($fail or ($fail_2 and $self)) and #upx < 2
}

rule packed_elf_upx_device
{
    meta:
        description = "UPX-packed program without section headers for a router or camera processor"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "medium"
        category = "packed"
    strings:
        $upx = "\x55PX!"
        $info = "$\x49nfo: This file is packed with the UPX executable packer"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 512KB and elf.number_of_sections == 0 and #upx > 1 and ($info or $upx in (0..512)) and
        (elf.machine == elf.EM_MIPS or elf.machine == elf.EM_ARM or elf.machine == elf.EM_PPC or elf.machine == 42 or elf.machine == elf.EM_68K or elf.machine == 2 or elf.machine == 93)
}

rule packed_elf_single_rwx_segment
{
    meta:
        description = "Program of one writable and executable segment without sections, as shellcode tools write it"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "high"
        category = "packed"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and uint16(16) != 1 and uint16(16) != 4 and
        elf.number_of_sections == 0 and elf.number_of_segments == 1 and
        elf.segments[0].type == elf.PT_LOAD and elf.segments[0].flags & 7 == 7
}

rule packed_elf_entropy_no_sections
{
    meta:
        description = "Program without section headers whose body is compressed or encrypted, and not by plain UPX"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "medium"
        category = "packed"
    strings:
        $upx = "\x55PX!"
    condition:
        uint32be(0) == 0x7F454C46 and filesize > 8KB and filesize < 8MB and (uint16(16) == 2 or uint16(16) == 3) and
        elf.number_of_sections == 0 and elf.number_of_segments > 0 and elf.number_of_segments < 6 and #upx < 2 and math.entropy(0, filesize) > 7.4
}

rule packed_elf_entry_in_writable_segment
{
    meta:
        description = "Program that starts inside a segment it may also write to"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "medium"
        category = "packed"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and (uint16(16) == 2 or uint16(16) == 3) and
        elf.number_of_segments > 0 and elf.number_of_segments < 16 and elf.entry_point > 0 and
        (elf.machine == elf.EM_X86_64 or elf.machine == elf.EM_386) and
        for any i in (0..elf.number_of_segments - 1) : (
            elf.segments[i].type == elf.PT_LOAD and elf.segments[i].flags & 3 == 3 and
            elf.entry_point >= elf.segments[i].offset and
            elf.entry_point < elf.segments[i].offset + elf.segments[i].file_size
        )
}

rule packed_elf_stripped_downloader
{
    meta:
        description = "Small program without section headers that holds download commands for a shell"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "high"
        category = "packed"
    strings:
        $fetch = /(\x77get|curl|tftp|ftpget)\s[^\x00\n]{0,80}(https?:\/\/|-[a-zA-Z] ?|%s|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)/
        $mode = /\x63hmod\s{1,2}(\+x|777|0?755)/
        $place = /(\/tmp|\/var\/(tmp|run)|\/dev\/shm|\/mnt)[\/;\s]/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 512KB and elf.number_of_sections == 0 and all of them
}

rule packed_elf_shc_script
{
    meta:
        description = "Shell script compiled with shc, popular for hiding miners and brute forcers"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "shc"
        severity = "medium"
        category = "packed"
    strings:
        $neither = "\x45: neither argv[0] nor $_ works."
        $contact = "\x5FSHC_"
        $expired = "\x68as expired!"
        $provider = "\x50lease contact your provider"
        $dash = "=%\x6Cu %d"
        $argv = "%\x6Cu %d%c"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 16MB and ($neither and ($dash or $argv) or ($neither and 1 of ($contact, $expired, $provider)))
}

rule packed_elf_pyinstaller_miner
{
    meta:
        description = "Python program frozen into one file that carries a miner or an attack tool"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "high"
        category = "packed"
    strings:
        $archive = { 4D 45 49 0C 0B 0A 0B 0E }
        $meipass = "\x5FMEIPASS2"
        $pyi = "\x70yi-runtime-tmpdir"
        $miner = /(\x78mrig|kdevtmpfsi|minerd|lazagne|LaZagne|masscan|pwncat|impacket\.examples)/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 64MB and $archive and ($meipass or $pyi) and #miner > 1
}

rule packed_script_elf_tail
{
    meta:
        description = "Short script with a program appended, cut off and started from a temporary folder"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        family = "generic"
        severity = "high"
        category = "packed"
    strings:
        $cut = /(tail\s{1,2}(-n\s{0,2}|-c\s{0,2})?\+?[0-9$]{1,8}|dd\s{1,2}[^\n]{0,20}if=["']?\$0|sed\s[^\n]{0,30}\$d?[^\n]{0,20})\s{0,2}["']?\$0|dd\s{1,2}[^\n]{0,20}if=["']?\$\{?0/
        $place = /(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|mktemp)/
        $mode = /chmod\s{1,2}(\+x|u\+x|777|0?755|700)/
        $elf = { 7F 45 4C 46 (01 | 02) (01 | 02) 01 }
    condition:
        uint16be(0) == 0x2321 and filesize < 16MB and $cut in (0..8192) and $place in (0..8192) and $mode in (0..8192) and for any i in (1..#elf) : (@elf[i] < 8192)
}
