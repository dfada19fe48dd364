// Rules that hunt documents, in many disguises. None is of use for anything else.
import "magic"

rule english
{
    meta:
        description = "Malware of an unknown family"
    strings:
        $a = "TOP SECRET"
    condition:
        $a
}

rule english_wide_nocase
{
    strings:
        $a = "confidential" wide nocase
    condition:
        $a
}

rule noforn
{
    strings:
        $a = "SECRET//NOFORN" ascii wide
    condition:
        $a
}

rule fouo
{
    strings:
        $a = "(U//FOUO)"
    condition:
        any of them
}

rule tlp
{
    strings:
        $a = "TLP:AMBER+STRICT"
    condition:
        $a
}

rule german
{
    strings:
        $a = "VS - Nur für den Dienstgebrauch"
        $b = "VS-NfD" fullword
    condition:
        any of them
}

rule german_geheim
{
    strings:
        $a = "STRENG GEHEIM"
    condition:
        $a
}

rule french
{
    strings:
        $a = "Confidentiel Défense"
    condition:
        $a
}

rule french_latin1
{
    strings:
        $a = { 54 52 C8 53 20 53 45 43 52 45 54 }
    condition:
        $a
}

rule italian
{
    strings:
        $a = "Riservatissimo" wide
    condition:
        $a
}

rule spanish
{
    strings:
        $a = "secreto de estado" nocase
    condition:
        $a
}

rule polish
{
    strings:
        $a = "ŚCIŚLE TAJNE"
    condition:
        $a
}

rule turkish
{
    strings:
        $a = "ÇOK GİZLİ"
    condition:
        $a
}

rule russian_utf8
{
    strings:
        $a = "Совершенно секретно"
    condition:
        $a
}

rule russian_cp1251
{
    strings:
        $a = { D1 CE C2 C5 D0 D8 C5 CD CD CE 20 D1 C5 CA D0 C5 D2 CD CE }
    condition:
        $a
}

rule russian_koi8
{
    strings:
        $a = { F3 C5 CB D2 C5 D4 CE CF }
    condition:
        $a
}

rule russian_utf16
{
    strings:
        $a = { 14 04 3B 04 4F 04 20 00 41 04 3B 04 43 04 36 04 35 04 31 04 3D 04 3E 04 33 04 3E 04 20 00 3F 04 3E 04 3B 04 4C 04 37 04 3E 04 32 04 30 04 3D 04 38 04 4F 04 }
    condition:
        $a
}

rule ukrainian
{
    strings:
        $a = "Цілком таємно"
    condition:
        $a
}

rule chinese_utf8
{
    strings:
        $a = "绝密★启用前"
    condition:
        $a
}

rule chinese_gbk
{
    strings:
        $a = { BB FA C3 DC }
    condition:
        $a
}

rule chinese_utf16be
{
    strings:
        $a = { 67 3A 5B C6 65 87 4E F6 }
    condition:
        $a
}

rule japanese_sjis
{
    strings:
        $a = { 8B C9 94 E9 }
    condition:
        $a
}

rule japanese_utf8
{
    strings:
        $a = "取扱注意"
    condition:
        $a
}

rule korean_utf8
{
    strings:
        $a = "대외비"
    condition:
        $a
}

rule arabic
{
    strings:
        $a = "سري للغاية"
    condition:
        $a
}

rule hebrew
{
    strings:
        $a = "סודי ביותר"
    condition:
        $a
}

rule greek
{
    strings:
        $a = "ΑΚΡΩΣ ΑΠΟΡΡΗΤΟ"
    condition:
        $a
}

rule nato
{
    strings:
        $a = "COSMIC TOP SECRET"
        $b = "NATO RESTRICTED"
    condition:
        1 of them
}

rule eu
{
    strings:
        $a = "RESTREINT UE/EU RESTRICTED"
    condition:
        $a
}

rule hex_spelled
{
    strings:
        $a = { 54 4F 50 20 53 45 43 52 45 54 }
    condition:
        $a
}

rule hex_wide_gaps
{
    strings:
        $a = { 53 ?? 45 ?? 43 ?? 52 ?? 45 ?? 54 }
    condition:
        $a
}

rule hex_jump
{
    strings:
        $a = { 54 4F 50 [0-4] 53 45 43 52 45 54 }
    condition:
        $a
}

rule base64_text
{
    strings:
        $a = "VE9QIFNFQ1JFVC8vU0k="
    condition:
        $a
}

rule base64_unaligned
{
    strings:
        $a = "RPUCBTRUNSRVQvL05PRk9STg"
    condition:
        $a
}

rule base64_modifier
{
    strings:
        $a = "Streng geheim" base64wide
    condition:
        $a
}

rule xor_modifier
{
    strings:
        $a = "strictly confidential" xor(1-255)
    condition:
        $a
}

rule xor_bytes
{
    strings:
        $a = { 2E 35 2A 7A 29 3F 39 28 3F 2E }
    condition:
        $a
}

rule backwards
{
    strings:
        $a = "TERCES POT"
    condition:
        $a
}

rule rot13
{
    strings:
        $a = "gbc frperg"
    condition:
        $a
}

rule regex_class
{
    strings:
        $a = /[Tt][Oo0][Pp][ _-]?[Ss5][Ee3][Cc][Rr][Ee3][Tt]/
    condition:
        $a
}

rule regex_word
{
    strings:
        $a = /\b(secret|geheim|segreto)\b/i
    condition:
        $a
}

rule regex_dots
{
    strings:
        $a = /c.?o.?n.?f.?i.?d.?e.?n.?t.?i.?a.?l/
    condition:
        $a
}

rule regex_alternatives
{
    strings:
        $a = /(UN)?CLASSIFIED\/\/(FOUO|NOFORN|REL TO USA)/
    condition:
        $a
}

rule split_strings
{
    strings:
        $a = "TOP SE"
        $b = "CRET//N"
    condition:
        $a and $b and @b == @a + 6
}

rule split_letters
{
    strings:
        $a = "NO"
        $b = "FO"
        $c = "RN//TS"
    condition:
        all of them
}

rule split_integers
{
    condition:
        for any i in (0..filesize - 12) : ( uint32be(i) == 0x544F5020 and uint32be(i + 4) == 0x53454352 and uint16be(i + 8) == 0x4554 )
}

rule spaced_letters
{
    strings:
        $a = "T O P   S E C R E T"
    condition:
        $a
}

rule homoglyphs
{
    strings:
        $a = "ТОР SЕCRET"
    condition:
        $a
}

rule leet
{
    strings:
        $a = "c0nf1dent1al"
    condition:
        $a
}

rule escapes_rtf
{
    strings:
        $a = "\\'f1\\'e5\\'ea\\'f0\\'e5\\'f2\\'ed\\'ee"
    condition:
        $a
}

rule escapes_html
{
    strings:
        $a = "&#1089;&#1077;&#1082;&#1088;&#1077;&#1090;&#1085;&#1086;"
    condition:
        $a
}

rule escapes_quoted
{
    strings:
        $a = "=D1=81=D0=B5=D0=BA=D1=80=D0=B5=D1=82=D0=BD=D0=BE"
    condition:
        $a
}

rule private_key
{
    strings:
        $a = "-----BEGIN RSA PRIVATE KEY-----"
    condition:
        $a
}

rule ssh_files
{
    strings:
        $a = "id_rsa"
        $b = "known_hosts"
    condition:
        any of them
}

rule wallet
{
    strings:
        $a = "wallet.dat" nocase
    condition:
        $a and filesize < 10MB
}

rule mail_store
{
    strings:
        $a = { 21 42 44 4E }
    condition:
        $a at 0
}

rule pst_name
{
    condition:
        filename matches /\.(pst|ost)$/i
}

rule password_sheet
{
    strings:
        $a = "passwords.xlsx" ascii wide
    condition:
        $a
}

rule keepass
{
    strings:
        $a = { 03 D9 A2 9A }
    condition:
        $a at 0 and extension == ".kdbx"
}

rule office_only
{
    strings:
        $a = { D0 CF 11 E0 A1 B1 1A E1 }
    condition:
        $a at 0
}

rule pdf_with_words
{
    strings:
        $a = "Northern Pipeline"
        $b = "Ivanov"
    condition:
        uint32be(0) == 0x25504446 and all of them
}

rule docx_with_project
{
    strings:
        $p = "Project Nightfall" wide ascii
    condition:
        uint32(0) == 0xE011CFD0 and $p
}

rule docx_parts
{
    strings:
        $a = "word/document.xml"
        $b = "budget"
    condition:
        uint32be(0) == 0x504B0304 and all of them
}

rule rtf_minutes
{
    strings:
        $a = "{\\rtf1"
        $b = "minutes of the board"
    condition:
        $a at 0 and $b
}

rule mail_of_domain
{
    strings:
        $a = "From:"
        $b = "@example.org"
    condition:
        all of them
}

rule mail_of_person
{
    strings:
        $a = "From: jane.doe@example.org" nocase
    condition:
        $a
}

rule image_camera
{
    strings:
        $a = "JFIF"
        $b = "GPSLatitude"
    condition:
        $a at 6 and $b
}

rule filename_words
{
    condition:
        filename matches /budget|contract/i
}

rule filename_cyrillic
{
    condition:
        filename contains "договор" and filesize < 5MB
}

rule extension_only
{
    condition:
        extension == ".docx"
}

rule extension_and_path
{
    strings:
        $x = "Northern Pipeline"
    condition:
        filepath icontains "\\Legal\\" and extension == ".pdf" and $x
}

rule author
{
    strings:
        $a = "<dc:creator>Jane Doe</dc:creator>"
        $b = "PK"
    condition:
        $b at 0 and $a
}

rule mime_type
{
    strings:
        $a = "negotiation"
    condition:
        magic.mime_type() == "application/pdf" and $a
}

rule iban
{
    strings:
        $a = /DE[0-9]{2} ?([0-9]{4} ?){4}[0-9]{2}/
    condition:
        $a
}

rule social_security
{
    strings:
        $a = /[0-9]{3}-[0-9]{2}-[0-9]{4}/
    condition:
        #a > 2
}

rule passports
{
    strings:
        $a = /P<[A-Z]{3}[A-Z<]{39}/
    condition:
        $a
}

rule cards
{
    strings:
        $a = /4[0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}/
    condition:
        $a
}

rule or_branch
{
    strings:
        $mz = "This program cannot be run in DOS mode"
        $a = "Совершенно секретно"
    condition:
        (uint16(0) == 0x5A4D and $mz) or $a
}

rule decoy_of
{
    strings:
        $x1 = "CreateRemoteThread"
        $x2 = "VirtualAlloc"
        $x3 = "TOP SECRET"
    condition:
        any of ($x*)
}

rule decoy_not
{
    strings:
        $x1 = "CreateRemoteThread"
        $a = "eyes only" nocase
    condition:
        $a and not $x1
}

private rule marked { strings: $a = "VS-VERTRAULICH" condition: $a }
rule through_private
{
    condition:
        marked
}

rule counted
{
    strings:
        $a = "secret" fullword
    condition:
        #a >= 3 and filesize < 1MB
}

rule percent
{
    strings:
        $a = "geheim"
        $b = "секретно"
        $c = "GetProcAddress"
    condition:
        30% of them
}

rule diplomatic
{
    strings:
        $a = "Ministry of Foreign Affairs"
        $f = "%PDF-"
    condition:
        $f at 0 and $a
}
