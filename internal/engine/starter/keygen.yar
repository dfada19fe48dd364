rule keygen_kms_activator
{
    meta:
        description = "Activator that emulates a Windows or Office licence server"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "kms"
        severity = "medium"
        category = "keygen"
    strings:
        $k1 = "\x4BMSAuto" ascii wide
        $k2 = "\x4BMSpico" ascii wide nocase
        $k3 = "\x41utoKMS" ascii wide
        $k4 = "\x4BMSEldi" ascii wide
        $k5 = "\x52atiborus" ascii wide
        $k6 = "\x4BMS Client Emulator" ascii wide
        $k7 = "\x4BMSEmulator" ascii wide
        $k8 = "\x4Dicrosoft Toolkit" ascii wide
        $k9 = "\x45Z-Activator" ascii wide
        $k10 = "\x48eldigard" ascii wide
        $k11 = "\x53ppExtComObjHook" ascii wide
        $k12 = "\x4BMS_Emulation" ascii wide
        $k13 = "\x76lmcsd" ascii wide
        $slmgr = "\x73lmgr.vbs" ascii wide nocase
        $ospp = "\x6Fspp.vbs" ascii wide nocase
        $gvlk = "\x47VLK" ascii wide
    condition:
        gate_pe and filesize < 64MB and 2 of ($k*) and 3 of them
}

rule keygen_kms_script
{
    meta:
        description = "Batch file that points Windows or Office at somebody's licence server"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "kms"
        severity = "medium"
        category = "keygen"
    strings:
        $key = /(slmgr(\.vbs)?|ospp\.vbs)["']?\s[^\n]{0,20}[\/-](ipk|inpkey)[\s:]/ nocase
        $host = /(slmgr(\.vbs)?|ospp\.vbs)["']?\s[^\n]{0,20}[\/-](skms|sethst)[\s:]{1,2}["']?(kms[0-9]{0,2}\.(msguides\.com|chinancce\.com|loli\.(best|beer)|digiboy\.ir|srv\.crsoo\.com|03k\.org|cangshui\.net|luody\.info|mrxn\.net|lotro\.cc|library\.hk)|e8\.us\.to|s[1-9]\.(uk|now)\.to|zh\.us\.to|kms\.[a-z0-9-]{2,20}\.(top|xyz|ru|me|moe|org)|127\.0\.0\.2|[a-z0-9%!]{2,20}\.(us\.to|now\.im))/ nocase
        $ato = /(slmgr(\.vbs)?|ospp\.vbs)["']?\s[^\n]{0,20}[\/-](ato|act)\b/ nocase
    condition:
        gate_batch and filesize < 512KB and not gate_rule_text and $host and ($key or $ato)
}

rule keygen_tracker_music
{
    meta:
        description = "Small program that makes serial numbers to tracker music"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "keygen"
        severity = "medium"
        category = "keygen"
    strings:
        $xm = "\x45xtended Module: "
        $ufmod = "\x75FMOD"
        $bass = /\b(\x42ASSMOD|\x4DagicV2m|\x6Cibv2\.lib|\x6Dinifmod|\x4FSMEngine)/
        $keygen = /\x6Bey ?gen(erator)?/ nocase
        $wide = "\x6Beygen" wide nocase
        $serial = /(\x73erial|registration|licen[cs]e) ?(number|key|code|name)?[:.]/ nocase
        $patch = /(\x63racked by|\x63rack by|\x6Beygen by|\x70atch by|greet[sz]|\x72elease date|protection ?:)/ nocase
        $generate = /\b(\x47enerate|\x47ENERATE)\b/
    condition:
        gate_pe and filesize < 4MB and ($xm or $ufmod or $bass) and ($keygen or $wide) and ($serial or $patch or $generate)
}

rule keygen_universal_patcher
{
    meta:
        description = "Patch made with one of the common patch makers"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "dup"
        severity = "medium"
        category = "keygen"
    strings:
        $dup = "\x64iablo2oo2's Universal Patcher"
        $dup_2 = "\x64up2patcher.dll" nocase
        $dup_3 = "[\x42POS]"
        $uppp = "\x75PPP"
        $created = /\x63reated (with|by) (uPPP|dUP)/ nocase
        $aborted = "\x46ile is already patched" nocase
        $backup = "\x43reate Backup" nocase
        $done = /(\x73uccessfully patched|\x70atching (done|finished)|\x66ile patched|\x70atch successful)/ nocase
    condition:
        gate_pe and filesize < 16MB and ($dup or $dup_2 or ($dup_3 and $backup) or ($uppp and $created)) and ($aborted or $backup or $done or $dup_2)
}

rule keygen_adobe_patcher
{
    meta:
        description = "Patcher for Adobe's licence library"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "amt"
        severity = "medium"
        category = "keygen"
    strings:
        $amt = "\x41MT Emulator" ascii wide nocase
        $painter = "\x50ainteR" ascii wide
        $lib = "\x61mtlib.dll" ascii wide nocase
        $mac = "\x61mtlib.framework" ascii wide nocase
        $genp = "\x47enP" ascii wide fullword
        $ngl = "\x4EGLClient" ascii wide
        $zii = "\x41dobe Zii" ascii wide
        $patch = /\x61dobe (universal )?patch(er)?/ nocase
    condition:
        (gate_pe or uint32be(0) == 0xCFFAEDFE or uint32be(0) == 0xCAFEBABE) and filesize < 64MB and ($amt or $zii or $genp or ($painter and $patch)) and ($lib or $mac or $ngl)
}

rule keygen_hosts_block
{
    meta:
        description = "Batch file that sends licence servers to this machine through the hosts file"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "low"
        category = "keygen"
    strings:
        $hosts = /drivers\\etc\\hosts/ nocase
        $adobe = /(127\.0\.0\.1|0\.0\.0\.0)\s{1,4}(lmlicenses\.wip[0-9]?|lm\.licenses|na1r\.services|activate|practivate|ereg|wip3|hlrcv\.stage|cc-api-data|genuine)\.adobe\.com/ nocase
        $other = /(127\.0\.0\.1|0\.0\.0\.0)\s{1,4}[a-z0-9.-]{0,30}(licens|activat|validat|genuine|registration|keyserver)[a-z0-9.-]{0,20}\.(com|net|org|de)\b/ nocase
        $echo = /\becho\b/ nocase
    condition:
        gate_batch and filesize < 256KB and not gate_rule_text and $hosts and $echo and (#adobe > 1 or #other > 1)
}

rule keygen_windows_loader
{
    meta:
        description = "Loader that plants a SLIC table or patches Windows activation"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        family = "loader"
        severity = "medium"
        category = "keygen"
    strings:
        $daz = "\x57indows Loader" ascii wide
        $slic = "\x53LIC" ascii wide fullword
        $boot = "\x67rldr" ascii wide nocase
        $wat = "\x52emoveWAT" ascii wide nocase
        $reloader = "\x52e-Loader" ascii wide
        $cert = /\.xrm-ms/ ascii wide
        $bootsect = /\x62ootsect(\.exe)?["']? ?\/nt60/ ascii wide nocase
        $slmgr = /\x73lmgr/ ascii wide nocase
        $r1n = "\x52@1n" ascii wide
    condition:
        gate_pe and filesize < 64MB and ($daz or $wat or $reloader) and 3 of them
}

rule keygen_activator_defender_off
{
    meta:
        description = "Activator or crack installer that switches protection off before it works"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "high"
        category = "keygen"
    strings:
        $exclude = /(\x41dd|Set)-MpPreference\s[^\n\x00]{0,60}-(Exclusion(Path|Process|Extension)|Disable(RealtimeMonitoring|IOAVProtection|BehaviorMonitoring))/ ascii wide nocase
        $policy = "\x44isableAntiSpyware" ascii wide nocase
        $stop = /(\x73c(\.exe)? (stop|config|delete) |net stop )"?(WinDefend|WdNisSvc|SecurityHealthService|ekrn|AVP[0-9.]{0,6}|MBAMService)/ ascii wide nocase
        $kms = /(\x4BMSpico|\x4BMSAuto|\x41utoKMS|\x4BMSEldi|\x52atiborus|KMS[ _]?Activat|\x48WIDGEN|\x52e-Loader|\x52emoveWAT)/ ascii wide nocase
        $crack = /\b(key ?gen|activator|crack(ed)? by|disable (your )?(antivirus|anti-virus|defender|protection))\b/ ascii wide nocase
    condition:
        (gate_pe or gate_batch or gate_powershell) and filesize < 64MB and not gate_rule_text and any of ($exclude, $policy, $stop) and ($kms or #crack > 2)
}
