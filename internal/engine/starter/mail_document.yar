rule mail_ole_macro_autorun
{
    meta:
        description = "Office document whose macro starts by itself and runs or downloads something"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $vba = "\x5FVBA_PROJECT" ascii wide
        $attribut = "\x41ttribut"
        $auto = /(\x41uto_?Open|\x41utoExec|\x41utoClose|\x44ocument_?Open|\x57orkbook_Open|\x44ocument_Close|\x57orkbook_Activate)/ ascii wide nocase
        $shell = /(\x57Script\.Shell|Shell\.Application|powershell|ShellExecute[AW]?|cmd(\.exe)? \/c|mshta|rundll32|regsvr32)/ ascii wide nocase
        $web = /(\x55RLDownloadToFile|MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|Adodb\.Stream|Net\.WebClient|Microsoft\.XMLHTTP|bitsadmin|certutil)/ ascii wide nocase
        $inject = /(\x56irtualAlloc(Ex)?|CreateThread|RtlMoveMemory|WriteProcessMemory|CallWindowProc)/
    condition:
        uint32be(0) == 0xD0CF11E0 and filesize < 32MB and ($vba or $attribut) and $auto and ($web or #shell > 1 or ($shell and $inject) or #inject > 1)
}

rule mail_macro_autorun
{
    meta:
        description = "Source of an Office macro that starts by itself and runs what it fetched or hid"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $head = "Attribute VB_\x4eame"
        $auto = /\bSub\s{1,4}(\x41uto_?Open|\x41utoExec|\x41utoClose|\x44ocument_?(Open|Close)|\x57orkbook_(Open|Activate|BeforeClose))\b/ nocase
        $object = /(CreateObject|GetObject)\s{0,4}\([^\n]{0,60}(\x57Script\.Shell|Shell\.Application|winmgmts:)/ nocase
        $shell = /\b(Shell|ShellExecute[AW]?)[\s(]{1,4}[^\n]{0,80}(powershell|cmd(\.exe)?\s{0,4}\/c|mshta|rundll32|regsvr32|wscript)/ nocase
        $web = /(\x55RLDownloadToFile|MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|Adodb\.Stream|Net\.WebClient|Microsoft\.XMLHTTP|bitsadmin|certutil)/ nocase
    condition:
        uint32be(0) == 0x41747472 and filesize < 4MB and $head in (0..64) and $auto and ($shell or ($object and $web))
}

rule mail_rtf_equation_exploit
{
    meta:
        description = "RTF with an embedded Equation Editor object"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $object = /\\obj(data|ect|update|html|emb)/
        $equation_hex = "4571756174696\x666e2e33" nocase
        $clsid_hex = "02\x63e020000000000c000000000000046" nocase
        $equation = /\x45quation\.[23]/ nocase
        $ole_hex = /\x640cf11e0a1b11ae1/ nocase
        $update = "\\obj\x75pdate"
    condition:
        uint32be(0) == 0x7B5C7274 and filesize < 16MB and $object and ($equation_hex or $clsid_hex or ($equation and $update and $ole_hex))
}

rule mail_rtf_remote_template
{
    meta:
        description = "RTF that fetches its template from the web"
        reference = "https://attack.mitre.org/techniques/T1221/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $template = /\{\\\*\\template\s{1,4}(https?|file|ftp):?[\/\\]{2}[^}\n]{4,300}\}/ nocase
        $hidden = /\{\\\*\\template\s{1,4}(\\u-?[0-9]{2,6}[ ?]{0,2}){8}/ nocase
    condition:
        uint32be(0) == 0x7B5C7274 and filesize < 16MB and any of them
}

rule mail_rtf_embedded_program
{
    meta:
        description = "RTF that carries a packaged script or program"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $package = /\\objdata[\s{}\\a-z0-9*]{0,200}0105000002000000080000005061636b616765/ nocase
        $package_any = "5061636\x6261676500" nocase
        $exe = /(2e657865|2e736374|2e766273|2e6a7300|2e687461|2e626174|2e636d64|2e707331|2e736372)00/ nocase
        $mz = /4\x645a90000300000004000000ffff/ nocase
    condition:
        uint32be(0) == 0x7B5C7274 and filesize < 64MB and ($package or $package_any) and ($exe or $mz)
}

rule mail_ooxml_remote_template
{
    meta:
        description = "Relationship part of an Office document that fetches its template from the web"
        reference = "https://attack.mitre.org/techniques/T1221/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $rels = "http://schemas.openxmlformats.org/package/2006/relationships"
        $template = /<Relationship\s[^>]{0,400}(attachedTemplate"[^>]{0,400}Target="(https?|file|ftp|\\\\)[^>]{4,400}TargetMode="External"|TargetMode="External"[^>]{0,400}attachedTemplate")/
        $template_b = /<Relationship\s[^>]{0,80}Target="(https?|file|ftp):[^"]{4,400}"[^>]{0,200}(attachedTemplate"[^>]{0,80}TargetMode="External"|TargetMode="External"[^>]{0,200}attachedTemplate")/
    condition:
        gate_markup and filesize < 256KB and $rels in (0..1024) and any of ($template, $template_b)
}

rule mail_ooxml_remote_object
{
    meta:
        description = "Relationship part that loads an object, frame or page from the web"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2022-30190"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $rels = "http://schemas.openxmlformats.org/package/2006/relationships"
        $object = /<Relationship\s[^>]{0,200}\/(oleObject|frame|externalLinkPath|subDocument)"[^>]{0,200}Target="(mhtml:|https?:\/\/[^"]{4,300}(!"|\.html?!?"|x-usc)|http:\/\/[0-9]{1,3}\.[0-9]{1,3}\.)/
        $object_b = /<Relationship\s[^>]{0,80}Target="(mhtml:|https?:\/\/[^"]{4,300}(!"|\.html?!"|x-usc)|http:\/\/[0-9]{1,3}\.[0-9]{1,3}\.)[^>]{0,300}TargetMode="External"[^>]{0,200}\/(oleObject|frame)"/
        $external = "TargetMode=\"External\""
    condition:
        gate_markup and filesize < 256KB and $rels in (0..1024) and $external and ($object or $object_b)
}

rule mail_html_msdt
{
    meta:
        description = "HTML page that calls the Windows support tool to run a command (Follina)"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2022-30190"
        family = "follina"
        severity = "critical"
        category = "mail"
    strings:
        $msdt = "ms-msdt:" nocase
        $browse = "IT_BrowseForFile" nocase
        $rebrowse = "IT_RebrowseForFile" nocase
        $diagnostic = "PCWDiagnostic" nocase
        $location = /(location(\.href)?\s{0,4}=|window\.open|src\s{0,4}=)/ nocase
    condition:
        gate_markup and filesize < 1MB and not gate_rule_text and $msdt and $location and 1 of ($browse, $rebrowse, $diagnostic)
}

rule mail_onenote_script
{
    meta:
        description = "OneNote section with an embedded script or program"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $object = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
        $hta = /<(hta:application|script[^>]{0,40}(vbscript|jscript|javascript))/ nocase
        $wsh = /(\x57Script\.Shell|ActiveXObject\s{0,2}\(|CreateObject\s{0,2}\()/ nocase
        $batch = /(\x70owershell(\.exe)?\s|@echo off|cmd(\.exe)?\s\/c)/ nocase
        $mz = { 4D 5A 90 00 03 00 00 00 04 00 00 00 FF FF }
        $lnk = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 }
    condition:
        uint32be(0) == 0xE4525C7B and filesize < 64MB and $object and (($hta and $wsh) or $batch or $mz or $lnk)
}

rule mail_pdf_launch
{
    meta:
        description = "PDF that starts a program when it is opened"
        reference = "https://attack.mitre.org/techniques/T1203/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $launch = /\/Launch\b/
        $win = /\/(Win|F)\s{0,4}(<<|\()[^\n]{0,200}(cmd(\.exe)?|powershell|mshta|wscript|rundll32)/ nocase
        $param = /\/P\s{0,4}\([^\n]{0,300}(\/c\s|start\s|\.vbs|\.exe|http:\/\/|powershell)/ nocase
        $open = /\/(OpenAction|AA)\b/
    condition:
        uint32be(0) == 0x25504446 and filesize < 64MB and $launch and $open and ($win or $param)
}

rule mail_pdf_export_and_run
{
    meta:
        description = "PDF whose script saves an attached program or macro document and opens it"
        reference = "https://attack.mitre.org/techniques/T1203/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $export = /\x65xportDataObject\s{0,4}\(\s{0,4}\{[^}]{0,120}nLaunch\s{0,4}:\s{0,4}[12]/
        $embedded = "\x2FEmbeddedFile"
        $open = /\/(OpenAction|AA|JavaScript|JS)\b/
        $name = /\/(F|UF)\s{0,4}\([^)\n]{1,120}\.(exe|scr|js|vbs|hta|docm|xlsm|doc|xls|lnk|bat|jar|SettingContent-ms)\)/ nocase
    condition:
        uint32be(0) == 0x25504446 and filesize < 64MB and $export and $embedded and $open and $name
}

rule mail_pdf_script_launch
{
    meta:
        description = "Script of a PDF that saves an attached program or macro document and opens it"
        reference = "https://attack.mitre.org/techniques/T1203/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $export = /\x65xportDataObject\s{0,4}\(\s{0,4}\{[^}]{0,200}nLaunch\s{0,4}:\s{0,4}[12]/
        $name = /cName\s{0,4}:\s{0,4}["'][^"'\n]{1,120}\.(exe|scr|js|vbs|hta|docm|xlsm|doc|xls|lnk|bat|jar|SettingContent-ms)["']/ nocase
    condition:
        gate_wsh and filesize < 64KB and not gate_rule_text and $export and $name
}

rule mail_svg_script
{
    meta:
        description = "SVG picture whose script redirects or builds a page from encoded text"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $svg = "<svg" nocase
        $script = /<script[^>]{0,80}>/ nocase
        $decode = /\b(atob\s{0,2}\(|fromCharCode|unescape\s{0,2}\(|decodeURIComponent\s{0,2}\()/
        $go = /((window|top|document|self|parent)\.location(\.href|\.replace\s{0,2}\(|\.assign\s{0,2}\()?\s{0,2}[=(a-z]|document\.write|createObjectURL|eval\s{0,2}\(|location\.(href|replace))/
    condition:
        gate_markup and filesize < 1MB and $svg in (0..1024) and $script and $decode and $go
}
