// Rules that look for code, though they speak of secrets and documents.
import "magic"

import "dotnet"

import "hash"

import "pe"

rule ransom_note
{
    strings:
        $a = "All your files have been encrypted"
        $b = "confidential"
        $c = "bitcoin" nocase
    condition:
        all of them
}

rule ransom_leak
{
    strings:
        $a = "we have stolen your confidential data"
        $b = ".onion"
    condition:
        all of them
}

rule stealer_pe
{
    strings:
        $a = "wallet.dat"
        $b = "Login Data"
        $c = "id_rsa"
    condition:
        uint16(0) == 0x5A4D and 2 of them
}

rule stealer_calls
{
    strings:
        $a = "wallet.dat"
        $b = "CryptUnprotectData"
        $c = "http://%s/gate.php"
    condition:
        all of them
}

rule stealer_elf
{
    strings:
        $a = "id_rsa"
        $b = "/etc/shadow"
    condition:
        uint32(0) == 0x464C457F and all of them
}

rule macro_dropper
{
    strings:
        $a = { D0 CF 11 E0 }
        $b = "AutoOpen"
        $c = "powershell"
    condition:
        $a at 0 and $b and $c
}

rule macro_docm
{
    strings:
        $a = "word/vbaProject.bin"
        $b = "word/document.xml"
    condition:
        uint32be(0) == 0x504B0304 and all of them
}

rule rtf_equation
{
    strings:
        $a = "{\\rt"
        $b = "\\objdata"
        $c = "Equation.3"
    condition:
        $a at 0 and $b and $c
}

rule rtf_shellcode
{
    strings:
        $a = "{\\rt"
        $b = { E8 00 00 00 00 5? 83 C? 0? }
    condition:
        $a at 0 and $b
}

rule pdf_javascript
{
    strings:
        $a = "%PDF-"
        $b = "/JavaScript"
        $c = "unescape("
    condition:
        $a at 0 and $b and $c
}

rule pdf_launch
{
    strings:
        $b = "/Launch"
        $c = "cmd.exe"
    condition:
        uint32be(0) == 0x25504446 and all of them
}

rule pdf_phishing
{
    strings:
        $a = "%PDF-"
        $b = "Your password has expired"
        $c = "/URI (http://"
    condition:
        all of them
}

rule mail_phishing
{
    strings:
        $a = "Subject:"
        $b = "verify your account"
        $c = "<form action="
    condition:
        all of them
}

rule template_injection
{
    strings:
        $a = "attachedTemplate"
        $b = "Target=\"http://"
    condition:
        all of them
}

rule dde
{
    strings:
        $a = "DDEAUTO"
        $b = "cmd /c"
        $c = "word/document.xml"
    condition:
        all of them
}

rule excel4
{
    strings:
        $a = "xl/macrosheets/"
        $b = "EXEC("
    condition:
        uint32be(0) == 0x504B0304 and any of them
}

rule php_shell
{
    strings:
        $a = "<?php"
        $b = "eval(base64_decode($_POST["
    condition:
        $a and $b
}

rule php_secret
{
    strings:
        $a = "$secret = \"s3cr3t\";"
        $b = "shell_exec($_GET"
    condition:
        all of them
}

rule client_secret
{
    strings:
        $a = "client_secret=%s&grant_type=client_credentials"
        $b = "User-Agent: Mozilla/5.0"
    condition:
        all of them
}

rule mutex
{
    strings:
        $a = "Global\\SecretMutex_91"
    condition:
        $a and pe.number_of_sections > 3
}

rule pdb
{
    strings:
        $a = "C:\\Users\\ivan\\Desktop\\rat\\Release\\rat.pdb"
    condition:
        $a
}

rule imports
{
    condition:
        pe.imports("kernel32.dll", "CreateRemoteThread") and pe.imphash() == "0123456789abcdef0123456789abcdef"
}

rule secret_in_program
{
    strings:
        $a = "TOP SECRET"
    condition:
        uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x4550 and $a
}

rule code_bytes
{
    strings:
        $a = { 55 8B EC 83 EC ?? 53 56 57 E8 ?? ?? ?? ?? 85 C0 }
    condition:
        $a
}

rule xor_loop
{
    strings:
        $a = { 8A 04 0A 34 ?? 88 04 0A 41 3B ?? 7C F3 }
    condition:
        $a and filesize < 2MB
}

rule beacon_config
{
    strings:
        $a = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B }
    condition:
        $a
}

rule keylogger
{
    strings:
        $a = "GetAsyncKeyState"
        $b = "[ENTER]"
        $c = "passwords.txt"
    condition:
        all of them
}

rule mimikatz
{
    strings:
        $a = "sekurlsa::logonpasswords"
        $b = "privilege::debug"
    condition:
        any of them
}

rule secretary
{
    strings:
        $a = "secretary"
        $b = "cmd.exe /c del"
    condition:
        all of them
}

rule bruteforcer
{
    strings:
        $a = "password"
        $b = "login"
        $c = "socket.connect(("
    condition:
        all of them
}

rule script_dropper
{
    strings:
        $a = "WScript.Shell"
        $b = "invoice" nocase
    condition:
        all of them
}

rule lnk_decoy
{
    strings:
        $a = { 4C 00 00 00 01 14 02 00 }
        $b = "passport.pdf.lnk"
    condition:
        $a at 0 and $b
}

rule iso_decoy
{
    strings:
        $a = "CD001"
        $b = "Budget.exe"
    condition:
        all of them
}

rule name_of_program
{
    condition:
        filename matches /^(svchost|lsass)\.exe$/i and not filepath contains "System32"
}

rule c2_domains
{
    strings:
        $a = "http://update-check.example/gate.php"
        $b = "/panel/bot.php?id="
    condition:
        any of them
}

rule user_agent
{
    strings:
        $a = "User-Agent: SecretBot/1.0"
    condition:
        $a
}

rule batch
{
    strings:
        $a = "vssadmin delete shadows"
        $b = "*.docx"
    condition:
        all of them
}

rule wiper
{
    strings:
        $a = "\\\\.\\PhysicalDrive0"
        $b = "*.pst"
    condition:
        uint16(0) == 0x5A4D and all of them
}

rule exfil_tool
{
    strings:
        $a = "ftp.storbinary('STOR ' + name, f)"
        $b = ".docx"
    condition:
        all of them
}

rule not_document
{
    strings:
        $a = "%PDF-"
        $b = { 60 E8 00 00 00 00 58 05 ?? ?? ?? ?? 8B 30 }
    condition:
        $b and not $a at 0
}

rule hash_only
{
    condition:
        hash.md5(0, filesize) == "0123456789abcdef0123456789abcdef"
}

rule dotnet
{
    strings:
        $a = "get_Secret" wide
    condition:
        dotnet.number_of_streams > 3 and $a
}

rule type_of_program
{
    strings:
        $a = "confidential"
    condition:
        magic.mime_type() == "application/x-dosexec" and $a
}

rule miner
{
    strings:
        $a = "stratum+tcp://"
        $b = "wallet"
    condition:
        all of them
}

private rule program { condition: uint16(0) == 0x5A4D }
rule through_program
{
    strings:
        $a = "Top Secret"
    condition:
        program and $a
}

rule ole_package
{
    strings:
        $a = "OLE2Link" wide ascii
        $b = "%PDF-"
    condition:
        any of ($a) and $b
}

rule one_note
{
    strings:
        $a = { E4 52 5C 7B 8C D8 A7 4D }
        $b = "<script"
        $c = "hta:application"
    condition:
        $a at 0 and all of them
}

rule html_smuggling
{
    strings:
        $a = "window.navigator.msSaveOrOpenBlob("
        $b = "invoice.zip"
    condition:
        all of them
}

rule size_only
{
    condition:
        filesize == 4096
}
