/*
  Gates: private rules that say what kind of file this is, by its first bytes.
  They keep the rules of the other files off documentation, off the rule files
  of scanners, and off everything that no interpreter would run. Integer tests
  come first, because they cost nothing.
*/

private rule gate_php
{
    meta:
        description = "PHP source, also behind HTML or inside an image or PDF"
    strings:
        $open = /<\?(php|=)/ nocase
    condition:
        filesize < 2MB and (
            (uint16be(0) == 0x3C3F and uint32be(0) != 0x3C3F786D) or
            ($open and (
                uint8(0) == 0x3C or
                uint32be(0) == 0x47494638 or
                uint32be(0) == 0x89504E47 or
                uint16be(0) == 0xFFD8 or
                uint32be(0) == 0x25504446 or
                uint32be(0) == 0xEFBBBF3C)) or
            ($open in (0..128) and (
                uint8(0) == 0x0A or uint8(0) == 0x0D or uint8(0) == 0x20 or
                uint16be(0) == 0x2321)))
}

private rule gate_markup
{
    meta:
        description = "HTML, JSP, ASPX and other text that opens with an angle bracket"
    condition:
        filesize < 10MB and (
            uint8(0) == 0x3C or
            uint32be(0) == 0xEFBBBF3C or
            (uint8(0) == 0x0A and uint8(1) == 0x3C) or
            (uint16be(0) == 0x0D0A and uint8(2) == 0x3C))
}

private rule gate_shell
{
    meta:
        description = "a script with an interpreter line, or bare shell commands from the first byte"
    condition:
        filesize < 1MB and (
            uint16be(0) == 0x2321 or
            for any word in (
                0x6364202F, // cd /
                0x77676574, // wget
                0x6375726C, // curl
                0x28637572, // (cur
                0x6E6F6875, // nohu
                0x6578706F, // expo
                0x65786563, // exec
                0x756C696D, // ulim
                0x706B696C, // pkil
                0x6B696C6C, // kill
                0x73657465, // sete
                0x63726F6E, // cron
                0x63686174, // chat
                0x6563686F, // echo
                0x6D6B6469, // mkdi
                0x6D6B6669, // mkfi
                0x726D202D, // rm -
                0x62617368, // bash
                0x7368202D, // sh -
                0x2F62696E, // /bin
                0x70797468, // pyth
                0x7065726C, // perl
                0x7768696C, // whil
                0x73797363, // sysc
                0x62757379, // busy
                0x756E7365, // unse
                0x53484C56, // SHLV
                0x736C6565, // slee
                0x303C2631  // 0<&1
            ) : (uint32be(0) == word))
}

private rule gate_crontab
{
    meta:
        description = "a table of cron, by its first line"
    condition:
        filesize < 64KB and (
            uint16be(0) == 0x2A20 or // "* "
            uint16be(0) == 0x2A2F or // "*/"
            uint16be(0) == 0x3020 or // "0 "
            for any word in (
                0x40726562, // @reb
                0x40686F75, // @hou
                0x40646169, // @dai
                0x5348454C, // SHEL
                0x50415448, // PATH
                0x4D41494C, // MAIL
                0x2320444F, // # DO NOT EDIT
                0x23204564, // # Edit this file
                0x23202F65  // # /etc/cron
            ) : (uint32be(0) == word) or
            (uint8(0) >= 0x30 and uint8(0) <= 0x35 and (uint8(1) == 0x20 or uint8(2) == 0x20)))
}

private rule gate_unit
{
    meta:
        description = "a systemd unit or a desktop entry"
    condition:
        filesize < 64KB and (
            uint32be(0) == 0x5B556E69 or // [Uni
            uint32be(0) == 0x5B536572 or // [Ser
            uint32be(0) == 0x5B446573)   // [Des
}

private rule gate_python
{
    meta:
        description = "Python source, by its first words"
    condition:
        filesize < 2MB and (
            uint16be(0) == 0x2321 or
            (uint32be(0) == 0x696D706F and uint8(7) != 0x22) or // import, not of a rule file
            for any word in (
                0x66726F6D, // from
                0x23202D2A, // # -*
                0x2320636F, // # co
                0x22222222, // """"
                0x636C6173, // clas
                0x64656620, // def
                0x65786563, // exec
                0x7472793A, // try:
                0x5F5F696D  // __im
            ) : (uint32be(0) == word) or
            uint32be(0) & 0xFFFFFF00 == 0x22222200)
}

private rule gate_powershell
{
    meta:
        description = "PowerShell source or a command line that starts it"
    condition:
        filesize < 4MB and (
            uint8(0) == 0x24 or
            (uint16be(0) == 0xFFFE and uint8(2) == 0x24) or
            (uint16be(0) == 0xEFBB and uint8(3) == 0x24) or
            for any word in (
                0x706F7765, 0x506F7765, 0x504F5745, // powe
                0x49455820, 0x69657820, 0x49455828, 0x69657828, // iex
                0x5B537973, 0x5B4E6574, 0x5B526566, 0x5B446C6C, // [Sys [Net [Ref [Dll
                0x66756E63, 0x46756E63, // func
                0x70617261, 0x50617261, // para
                0x5365742D, 0x496E766F, 0x4164642D, 0x4E65772D, // Set- Invo Add- New-
                0x74727920, 0x7472797B, // try
                0x26282420, 0x73762030, 0x53746172 // &($ sv 0 Star
            ) : (uint32be(0) == word))
}

private rule gate_batch
{
    meta:
        description = "a Windows batch file, by its first words"
    condition:
        filesize < 4MB and (
            uint16be(0) == 0x3A3A or
            for any word in (
                0x40656368, 0x40454348, 0x40456368, // @ech
                0x6563686F, 0x4543484F, // echo
                0x636D6420, 0x636D642E, 0x636D642F, // cmd
                0x73657420, 0x53455420, 0x40736574, // set
                0x73746172, 0x53544152, // star
                0x706F7765, 0x506F7765, 0x504F5745, 0x40706F77, // powe
                0x52454D20, 0x72656D20, 0x4052454D, 0x4072656D, // rem
                0x63657274, 0x62697473, 0x72656773, 0x6D736874, // cert bits regs msht
                0x76737361, 0x4069663F, 0x636C730D // vssa
            ) : (uint32be(0) == word))
}

private rule gate_wsh
{
    meta:
        description = "JScript or VBScript as Windows Script Host runs it, by its first words"
    condition:
        filesize < 4MB and (
            uint8(0) == 0x27 or
            for any word in (
                0x76617220, 0x66756E63, 0x46756E63, 0x74727920, 0x7472797B, // var func try
                0x53657420, 0x73657420, 0x44696D20, 0x64696D20, // Set Dim
                0x4F6E2045, 0x6F6E2065, 0x4F6E2065, // On E
                0x43726561, 0x45786563, 0x65786563, 0x6576616C, // Crea Exec eval
                0x3C6A6F62, 0x3C706163, // <job <pac
                0x53756220, 0x73756220, 0x50726976, 0x436F6E73, 0x4F707469, // Sub Priv Cons Opti
                0x57536372, 0x57736372, 0x74686973, 0x2866756E, 0x6E657720  // WScr this (fun new
            ) : (uint32be(0) == word))
}

private rule gate_mail
{
    meta:
        description = "a mail message with its header"
    condition:
        filesize < 64MB and
        for any word in (
            0x52656365, // Rece
            0x52657475, // Retu
            0x46726F6D, // From
            0x44617465, // Date
            0x44656C69, // Deli
            0x4D494D45, // MIME
            0x4D657373, // Mess
            0x5375626A, // Subj
            0x444B494D, // DKIM
            0x4152432D, // ARC-
            0x546F3A20  // To:
        ) : (uint32be(0) == word)
}

private rule gate_pe
{
    meta:
        description = "a Windows executable with a sound header"
    condition:
        uint16be(0) == 0x4D5A and uint32(uint32(0x3C)) == 0x00004550
}

private rule gate_rule_text
{
    meta:
        description = "somebody's scanner rules: text that names what it looks for"
    strings:
        $condition = /[\s\}]condition\s{0,4}:/
        $section = /\s(strings|meta)\s{0,4}:/
        $sid = /\bsid:\s?[0-9]{4,9};/
        $sigma = "detection:"
        $source = "logsource:"
    condition:
        ($condition and $section) or #sid > 2 or ($sigma and $source)
}
