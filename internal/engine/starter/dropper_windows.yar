rule dropper_powershell_cradle
{
    meta:
        description = "PowerShell that evaluates what it downloads"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $iex = /\b(iex|Invoke-Expression)\b/ nocase
        $web = /(New-Object\s{1,4}["']?(System\.)?Net\.WebClient["']?\s{0,4}\)?\s{0,4}\.?\s{0,4}(DownloadString|DownloadData|OpenRead))/ nocase
        $iwr = /(\biex\b|Invoke-Expression)\s{0,4}\(?\s{0,4}\(?\s{0,4}(iwr|irm|Invoke-WebRequest|Invoke-RestMethod|curl|wget)\s[^\n]{0,40}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/ nocase
        $pipe = /(iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\s[^\n|]{0,40}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[^\n|]{0,120}\|\s{0,4}(iex|Invoke-Expression)/ nocase
        $quiet = /\bhidden\b|-noprofile\b|-nop\b|\bbypass\b|http:\/\/[0-9]{1,3}\.[0-9]{1,3}\./ nocase
    condition:
        (gate_powershell or gate_batch or gate_wsh or gate_markup) and filesize < 512KB and not gate_rule_text and (($iex and $web and $quiet) or $iwr or $pipe)
}

rule dropper_powershell_encoded
{
    meta:
        description = "Hidden PowerShell started with an encoded command"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $command = /powershell(\.exe)?["']?\s[^\n]{0,120}-(e|ec|en|enc|enco|encodedcommand)\s{1,4}["']?(JAB|SQB|aQB|WwB|cwB|IAB|UwB|KAB|JgB|dAB|ZgB|QQB|bgB)[A-Za-z0-9+\/]{40}/ nocase
        $hidden = /\bhidden\b|-noprofile\b|-nop\b|-noni|\bbypass\b|-sta\b|-w 1\b/ nocase
    condition:
        (gate_powershell or gate_batch or gate_wsh or gate_markup or gate_shell) and filesize < 512KB and not gate_rule_text and all of them
}

rule dropper_powershell_reflective
{
    meta:
        description = "PowerShell that decodes a program and loads it into its own memory"
        reference = "https://attack.mitre.org/techniques/T1620/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $load = /\[(System\.)?Reflection\.Assembly\]\s{0,4}::\s{0,4}Load\s{0,4}\(/ nocase
        $virtual = /\bVirtualAlloc(Ex)?\b/
        $thread = /\b(CreateThread|CreateRemoteThread|QueueUserAPC|EnumWindows|CallWindowProc)\b/
        $base64 = /FromBase64String\s{0,4}\(\s{0,4}["'](TVqQ|TVpQ|TVoA|H4sI|\/OiC|\/EiD|6wEA|\/Oi)/
        $marshal = /Marshal\]\s{0,4}::\s{0,4}Copy\s{0,4}\(/ nocase
        $gzip = /IO\.Compression\.(Gzip|Deflate)Stream/ nocase
    condition:
        (gate_powershell or gate_batch) and not gate_rule_text and (($load and $base64) or ($virtual and $thread and $marshal and ($base64 or $gzip)))
}

rule dropper_powershell_amsi_bypass
{
    meta:
        description = "PowerShell that blinds the antimalware scan interface before it goes on"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $utils = /System\.Management\.Automation\.(["'+\s]{0,8}A["'+\s]{0,8}msi["'+\s]{0,8}Utils)/ nocase
        $failed = /["'+\s]{0,4}amsi["'+\s]{0,8}Init["'+\s]{0,8}Failed/ nocase
        $set = /\.SetValue\s{0,4}\(\s{0,4}\$null\s{0,4},\s{0,4}\$true\s{0,4}\)/ nocase
        $buffer = /AmsiScanBuffer|["']Amsi["']\s{0,2}\+\s{0,2}["']Scan/ nocase
        $protect = "VirtualProtect"
        $patch = /\[byte\[\]\]\s{0,4}\(?\s{0,4}0xB8\s{0,2},\s{0,2}0x57\s{0,2},\s{0,2}0x00/ nocase
    condition:
        (gate_powershell or gate_batch) and filesize < 1MB and not gate_rule_text and (($utils and $failed and $set) or ($buffer and $protect and $patch))
}

rule dropper_batch_certutil
{
    meta:
        description = "Batch file that downloads with certutil or bitsadmin and starts the result"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $certutil = /certutil(\.exe)?\s[^\n]{0,40}-(urlcache|verifyctl)\s[^\n]{0,40}https?:\/\/[^\s"]{4,160}\s{1,4}["']?[^\s"'&|]{1,80}\.(exe|dll|bat|ps1|vbs|js|hta|msi|txt|dat|b64)/ nocase
        $bits = /bitsadmin(\.exe)?\s[^\n]{0,60}\/transfer\s[^\n]{0,80}https?:\/\/[^\s"]{4,160}\s{1,4}["']?[^\s"'&|]{1,80}\.(exe|dll|bat|ps1|vbs|js|hta|msi)/ nocase
        $start = /(\n|&|\|)\s{0,4}@?(start\s|cmd\s{1,2}\/c|call\s|rundll32|regsvr32|msiexec|wscript|cscript|%temp%|%appdata%|%public%|"%temp%|"%appdata%|c:\\users\\public|certutil(\.exe)?\s{1,4}-decode)/ nocase
    condition:
        (gate_batch or gate_wsh or gate_powershell) and filesize < 256KB and not gate_rule_text and ($certutil or $bits) and $start
}

rule dropper_batch_defender_off
{
    meta:
        description = "Batch or PowerShell that excludes folders from Defender or turns it off, then fetches a program"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $exclude = /Add-MpPreference\s[^\n]{0,40}-Exclusion(Path|Extension|Process)\s/ nocase
        $off = /Set-MpPreference\s[^\n]{0,40}-Disable(RealtimeMonitoring|IOAVProtection|BehaviorMonitoring|ScriptScanning)\s{1,4}(\$true|1)/ nocase
        $policy = /DisableAntiSpyware[^\n]{0,60}(\/d\s{1,4}1|-Value\s{1,4}1)/ nocase
        $fetch = /(DownloadFile|DownloadString|Invoke-WebRequest|\biwr\b|\bcurl(\.exe)?\s|certutil[^\n]{0,40}urlcache|Start-BitsTransfer|bitsadmin)[^\n]{0,120}https?:\/\// nocase
        $run = /(Start-Process|\bstart\s|\biex\b|Invoke-Expression|cmd\s{1,2}\/c)/ nocase
    condition:
        (gate_powershell or gate_batch or gate_wsh) and filesize < 512KB and not gate_rule_text and any of ($exclude, $off, $policy) and $fetch and $run
}

rule dropper_scriptlet_proxy
{
    meta:
        description = "Command that runs a remote scriptlet or HTML application through a signed Windows program"
        reference = "https://attack.mitre.org/techniques/T1218/010/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $regsvr = /regsvr32(\.exe)?\s[^\n]{0,60}\/i:\s{0,2}["']?https?:\/\/[^\n]{4,160}scrobj\.dll/ nocase
        $mshta_url = /mshta(\.exe)?\s{1,4}["']?https?:\/\/[^\s"']{4,160}/ nocase
        $mshta_code = /mshta(\.exe)?\s{1,4}["']?(javascript|vbscript):[^\n]{4,300}(GetObject|ActiveXObject|CreateObject|Execute)\s{0,2}\(/ nocase
        $rundll = /rundll32(\.exe)?\s{1,4}["']?javascript:["']?\\?\.\.\\?[^\n]{0,60}(mshtml|RunHTMLApplication)/ nocase
    condition:
        (gate_batch or gate_wsh or gate_powershell) and filesize < 256KB and not gate_rule_text and any of them
}
