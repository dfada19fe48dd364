rule mail_lnk_powershell
{
    meta:
        description = "Shortcut that starts hidden or encoded PowerShell"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $ps = "\x70owershell" ascii wide nocase
        $enc = /-(e|ec|en|enc|encodedcommand) {1,4}(JAB|SQB|aQB|WwB|cwB|IAB|UwB|KAB|JgB|dAB|ZgB|QQB|bgB)[A-Za-z0-9+\/]{40}/ ascii wide nocase
        $hidden = /-w(in|indow|indowstyle)? {1,4}(hidden|1|h)\b/ ascii wide nocase
        $web = /(\x44ownloadString|DownloadFile|Invoke-WebRequest|Net\.WebClient|\biwr\b|\birm\b|FromBase64String|https?:\/\/)/ ascii wide nocase
    condition:
        uint32be(0) == 0x4C000000 and uint32be(4) == 0x01140200 and filesize < 8MB and $ps and ($enc or ($hidden and $web))
}

rule mail_lnk_remote_proxy
{
    meta:
        description = "Shortcut that runs remote content through a signed Windows program"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $mshta = /\x6Dshta(\.exe)?["' ]{1,3}[^\x00\n]{0,40}(https?:|vbscript:|javascript:)/ ascii wide nocase
        $regsvr = /\x72egsvr32(\.exe)?[^\x00\n]{0,40}\/i:https?:/ ascii wide nocase
        $rundll = /\x72undll32(\.exe)?[^\x00\n]{0,60}(\\\\[a-z0-9.-]{4,60}(@(ssl|[0-9]{2,5}))?\\|javascript:|DavSetCookie)/ ascii wide nocase
        $certutil = /\x63ertutil(\.exe)?[^\x00\n]{0,40}-urlcache[^\x00\n]{0,40}https?:/ ascii wide nocase
        $curl = /\x63url(\.exe)?[^\x00\n]{0,60}https?:\/\/[^\x00\n]{4,160}(&|;|\|)[^\x00\n]{0,40}(start|cmd|rundll32|wscript|mshta|regsvr32|msiexec|%)/ ascii wide nocase
        $msiexec = /\x6Dsiexec(\.exe)?[^\x00\n]{0,30}[\/-](i|q|package)[^\x00\n]{0,30}https?:/ ascii wide nocase
        $forfiles = /(\x66orfiles|conhost|ftp|pcalua|ssh)(\.exe)?[^\x00\n]{0,80}(powershell|mshta|cmd {1,2}\/c|ProxyCommand)/ ascii wide nocase
    condition:
        uint32be(0) == 0x4C000000 and uint32be(4) == 0x01140200 and filesize < 8MB and any of them
}

rule mail_lnk_script_chain
{
    meta:
        description = "Shortcut that starts cmd to copy, write or run a script beside it"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $cmd = /(\x63md(\.exe)?|%comspec%)[^\x00\n]{0,20}\/(c|k|r|v)/ ascii wide nocase
        $wscript = /(\x77script|cscript)(\.exe)?[^\x00\n]{0,80}\.(js|jse|vbs|vbe|wsf|txt|dat)\b/ ascii wide nocase
        $findstr = /\x66indstr[^\x00\n]{0,80}\.lnk\b/ ascii wide nocase
        $copy = /(\x78copy|copy|type|extrac32|tar)[^\x00\n]{0,120}(%temp%|%appdata%|%public%|%programdata%|\\AppData\\)/ ascii wide nocase
        $run = /(\x72undll32|regsvr32|start {1,2}|wscript|mshta|python)(\.exe)?[^\x00\n]{0,80}(%temp%|%appdata%|%public%|%programdata%|\.dll,)/ ascii wide nocase
    condition:
        uint32be(0) == 0x4C000000 and uint32be(4) == 0x01140200 and filesize < 32MB and $cmd and ($findstr or ($copy and $run) or ($wscript and $copy))
}

rule mail_hta_dropper
{
    meta:
        description = "HTML application that starts a shell or writes a program"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $hta = /<hta:application/ nocase
        $script = /<script[^>]{0,60}(vbscript|jscript|javascript)/ nocase
        $shell = /(CreateObject|ActiveXObject)\s{0,4}\(\s{0,4}["'](wscript\.shell|shell\.application|w["' &+]{1,6}script\.shell)/ nocase
        $run = /\.(run|exec|shellexecute)\b/ nocase
        $what = /(powershell|cmd(\.exe)?\s{0,4}\/[ck]|bitsadmin|certutil|rundll32|mshta|msxml2\.(server)?xmlhttp|adodb\.stream|curl(\.exe)?\s)/ nocase
    condition:
        gate_markup and not gate_rule_text and ($hta or $script) and $shell and $run and $what
}

rule mail_html_smuggling
{
    meta:
        description = "HTML page that builds a program or archive in the browser and saves it by itself"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $blob = /new\s{1,4}Blob\s{0,4}\(/
        $decode = /\b(atob|Uint8Array|charCodeAt)\b/
        $url = /(createObjectURL\s{0,4}\(|msSaveOrOpenBlob\s{0,4}\(|msSaveBlob\s{0,4}\()/
        $download = /\.download\s{0,4}=|setAttribute\s{0,4}\(\s{0,4}["']download["']|msSave/
        $click = /\.click\s{0,4}\(\s{0,4}\)|msSave|dispatchEvent/
        $payload = /["'`](TVqQAA|TVpQAA|TVoAAA|UEsDBBQ|UEsDBAo|UmFyIRo|N3q8ryc|TAAAAAEUAg|MCAwIG9iag|QkVHSU4|Q0QwMDE)[A-Za-z0-9+\/]{200}/
    condition:
        gate_markup and filesize < 10MB and all of them
}

rule mail_js_dropper
{
    meta:
        description = "JScript that downloads a file and starts it through Windows Script Host"
        reference = "https://attack.mitre.org/techniques/T1059/007/"
        family = "generic"
        severity = "critical"
        category = "mail"
    strings:
        $shell = /(ActiveXObject|CreateObject)\s{0,4}\(\s{0,4}["'](wscript\.shell|shell\.application)["']/ nocase
        $http = /(ActiveXObject|CreateObject)\s{0,4}\(\s{0,4}["'](msxml2\.(server)?xmlhttp(\.[36]\.0)?|winhttp\.winhttprequest\.5\.1|microsoft\.xmlhttp)["']/ nocase
        $stream = /(ActiveXObject|CreateObject)\s{0,4}\(\s{0,4}["'](adodb\.stream|scripting\.filesystemobject)["']/ nocase
        $save = /\.(savetofile|createtextfile|opentextfile)\b/ nocase
        $run = /\.(run|exec|shellexecute)\b/ nocase
    condition:
        gate_wsh and not gate_rule_text and $http and $save and $run and ($shell or $stream)
}

rule mail_script_powershell
{
    meta:
        description = "JScript or VBScript that starts hidden PowerShell"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $shell = /(ActiveXObject|CreateObject|GetObject)\s{0,4}\(\s{0,4}["'](wscript\.shell|shell\.application|winmgmts:|new:[0-9a-f{-]{8,40})/ nocase
        $ps = /powershell(\.exe)?\s[^\n]{0,80}(-(e|ec|en|enc|encodedcommand)\s{1,4}|-w(in|indow|indowstyle)?\s{1,4}(hidden|1|h)\b|-nop\b|-ep\s{1,4}bypass|-exec(utionpolicy)?\s{1,4}bypass)/ nocase
        $run = /\.(run|exec|shellexecute|create)\b/ nocase
        $web = /(DownloadString|DownloadFile|Net\.WebClient|Invoke-WebRequest|\biwr\b|\biex\b|FromBase64String|JAB|SQBFAFgA|aQBlAHgA)/ nocase
    condition:
        gate_wsh and not gate_rule_text and all of them
}

rule mail_vbs_char_codes
{
    meta:
        description = "VBScript that builds its code from character numbers and executes it"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $execute = /\b(execute|executeglobal|eval)\s{0,2}\(?\s{0,2}[a-z(]/ nocase
        $chr = /chrw?\s{0,2}\(\s{0,2}[^)\n]{1,24}\)\s{0,2}&\s{0,2}chrw?\s{0,2}\(/ nocase
        $split = /chrw?\s{0,2}\(\s{0,2}(cint|clng|eval|cdbl)\s{0,2}\(/ nocase
        $loop = /\b(for each|split)\b/ nocase
    condition:
        gate_wsh and filesize < 2MB and not gate_rule_text and $execute and (#chr > 20 or ($split and $loop))
}

rule mail_wsf_dropper
{
    meta:
        description = "Windows script file whose job downloads and runs a program"
        reference = "https://attack.mitre.org/techniques/T1059/007/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $job = /<job\b[^>]{0,40}>/ nocase
        $script = /<script\s{1,4}language\s{0,4}=\s{0,4}["']?(vbscript|jscript|javascript)/ nocase
        $http = /(msxml2\.(server)?xmlhttp|winhttp\.winhttprequest|microsoft\.xmlhttp|net\.webclient)/ nocase
        $shell = /(wscript\.shell|shell\.application|adodb\.stream)/ nocase
        $run = /\.(run|exec|shellexecute)\b/ nocase
    condition:
        gate_markup and filesize < 2MB and not gate_rule_text and all of them
}

rule mail_batch_hidden_powershell
{
    meta:
        description = "Batch file that hides its text in variables or behind a mark and hands it to PowerShell"
        reference = "https://attack.mitre.org/techniques/T1059/003/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $slice = /%[A-Za-z0-9_]{1,40}:~[0-9]{1,3},1%/
        $self = /(%~f0|%~dpnx0|%0)[^\n]{0,160}(FromBase64String|\.Split\s{0,2}\(|ReadAllText|ReadLines|Get-Content|\bgc\b)/ nocase
        $reader = /(FromBase64String|ReadAllText|ReadLines|Get-Content)[^\n]{0,160}(%~f0|%~dpnx0|%0)/ nocase
        $ps = "powershell" nocase
    condition:
        gate_batch and filesize < 8MB and not gate_rule_text and (#slice > 60 or (($self or $reader) and $ps))
}

rule mail_url_shortcut_remote
{
    meta:
        description = "Internet shortcut that opens a program from somebody's file share"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $head = "[InternetShortcut]" nocase
        $file = /\nURL\s{0,2}=\s{0,2}file:\/\/?\/?\/?\\?\\?[a-z0-9.-]{4,80}(@(ssl|[0-9]{2,5}))?[\/\\][^\n]{1,160}\.(exe|scr|lnk|vbs|js|hta|cmd|bat|zip|cpl|msi|url|wsf|jar|com|pif)/ nocase
        $dav = /\n(URL|IconFile|WorkingDirectory)\s{0,2}=\s{0,2}(file:)?(\/\/|\\\\)[a-z0-9.-]{4,80}@(ssl|[0-9]{2,5})[\/\\]/ nocase
        $search = /\nURL\s{0,2}=\s{0,2}search-ms:[^\n]{0,160}crumb=location:/ nocase
    condition:
        filesize < 16KB and $head in (0..16) and any of ($file, $dav, $search)
}

rule mail_eml_double_extension
{
    meta:
        description = "Mail with an attachment whose name claims to be a document and ends like a program"
        reference = "https://attack.mitre.org/techniques/T1036/007/"
        family = "generic"
        severity = "high"
        category = "mail"
    strings:
        $name = /(file)?name\*?[0-9]?\*?=\s{0,2}["']?[^"'\n;]{1,120}\.(pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|gif|mp[34]|avi|csv)[ _.]{0,80}\.(exe|scr|pif|com|cpl|bat|cmd|js|jse|vbs|vbe|wsf|hta|lnk|jar|ps1|msi)\b/ nocase
    condition:
        gate_mail and $name
}

rule mail_eml_program
{
    meta:
        description = "Mail that carries a Windows program, script or shortcut in plain base64"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        family = "generic"
        severity = "medium"
        category = "mail"
    strings:
        $name = /(file)?name\*?[0-9]?\*?=\s{0,2}["']?[^"'\n;]{1,120}\.(exe|scr|pif|com|cpl|bat|cmd|jse|vbs|vbe|wsf|hta|lnk|jar|msi|iso|img|vhdx?|xll|one)["']?\s{0,2}[;\r\n]/ nocase
        $pe = /\n\r?\n(TVqQAAMAAAAEAAAA|TVpQAAIAAAAEAA8A|TVoAAAAAAAAAAAAA|TVqAAAEAAAAEAAAA)/
        $lnk = /\n\r?\nTAAAAAEUAgAAAAAA/
        $hta = /\n\r?\n(PGh0YTph|PHNjcmlw|PEhUQTpB|PEhUTUw\+|PGh0bWw\+PGhlYWQ\+PHNjcmlw)/
        $onenote = /\n\r?\n5FJcekl|\n\r?\n5FJce4zY/
    condition:
        gate_mail and $name and any of ($pe, $lnk, $hta, $onenote)
}
