rule ransom_note_onion
{
    meta:
        description = "Text that says files are encrypted and sends the reader to an onion address"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $locked = /((all )?(of )?(your|yours) (important )?(files|data|documents|network|servers?|systems?|infrastructure|computers?)[^.\n]{0,60}(are|is|were|was|has been|have been|got)\s{1,2}(\w{1,12}\s{1,2}){0,3}(encrypted|locked|stolen and encrypted|crypted|ciphered))/ nocase
        $onion = /\b[a-z2-7]{56}\.onion\b|\b[a-z2-7]{16}\.onion\b/
        $decrypt = /(decrypt(or|ion)? (tool|software|key|program|id|your|all|service)|recover your (files|data)|restore (your|all) (files|data)|private key|decryptor)/ nocase
        $pressure = /(tor browser|pay(ment)?|bitcoin|monero|\bBTC\b|ransom|publish|leak|chat|negotiat|do not (rename|modify|try|use|contact|delete))/ nocase
    condition:
        filesize < 64KB and not gate_rule_text and $locked and $onion and $decrypt and #pressure > 1
}

rule ransom_note_bitcoin
{
    meta:
        description = "Text that says files are encrypted and asks for coins to an address"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $locked = /((all )?(of )?(your|yours) (important )?(files|data|documents|network|servers?|systems?|databases?|computers?)[^.\n]{0,60}(are|is|were|was|has been|have been|got)\s{1,2}(\w{1,12}\s{1,2}){0,3}(encrypted|locked|crypted|ciphered))/ nocase
        $address = /(address|wallet|to|btc|bitcoin|monero|xmr)\s{0,3}[:=]?\s{1,8}["'<]?(bc1[a-z0-9]{30,62}|[13][1-9A-HJ-NP-Za-km-z]{26,34}|4[0-9AB][1-9A-HJ-NP-Za-km-z]{93})\b/ nocase
        $coin = /\b(bitcoins?|BTC|monero|XMR)\b/ nocase
        $pay = /(send|transfer|pay)\s[^.\n]{0,60}(\$|USD|BTC|XMR|bitcoin|monero|[0-9]\.[0-9])/ nocase
        $decrypt = /(decrypt|recover your|restore your|get (your|back)|unlock)/ nocase
    condition:
        filesize < 64KB and not gate_rule_text and $locked and $coin and $pay and $decrypt and $address
}

rule ransom_note_mail_contact
{
    meta:
        description = "Text that says files are encrypted and offers a test decryption by mail or messenger"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $locked = /((all )?(of )?(your|yours) (important )?(files|data|documents|network|servers?|systems?|databases?|computers?)[^.\n]{0,60}(are|is|were|was|has been|have been|got)\s{1,2}(\w{1,12}\s{1,2}){0,3}(encrypted|locked|crypted|ciphered))/ nocase
        $contact = /[a-z0-9._-]{2,40}@(proton(mail)?\.(com|me|ch)|tutanota\.(com|de)|tuta\.(io|com)|onionmail\.(org|com)|cock\.li|airmail\.cc|aol\.com|india\.com|keemail\.me|mailfence\.com|msgsafe\.io|firemail\.cc|cyberfear\.com|tfwno\.gf|420blaze\.it|zohomail\.eu|techmail\.info|skiff\.com)|\bqtox\b|tox ?(id|chat)[: ]|session ?id[: ]|jabber|icq|telegram/ nocase
        $test = /((decrypt|restore|recover)\s[^.\n]{0,60}(for free|free of charge|as (a )?(proof|guarantee|evidence|test))|free (test )?decryption|guarantee[^.\n]{0,40}decrypt|prove[^.\n]{0,40}decrypt|test (file|decryption))/ nocase
        $warn = /(do not|don'?t|dont|never)\s{1,2}(try|rename|modify|move|delete|use|edit|attempt|contact|shut|reinstall|trust)/ nocase
        $id = /(your|personal|unique|decryption|client|company|user)\s{0,2}(id|key|identifier|identification)\b/ nocase
    condition:
        filesize < 32KB and not gate_rule_text and $locked and $contact and $test and ($warn or $id)
}

rule ransom_note_lockbit
{
    meta:
        description = "Ransom note of LockBit and Black versions built from its leaked builder"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "lockbit"
        severity = "critical"
        category = "ransom"
    strings:
        $world = /\x4CockBit [0-9.]{1,4} the world'?s fastest (and most stable )?ransomware/ nocase
        $black = /~~~ ?LockBit/
        $stolen = /\x59our data (are|is) stolen and encrypted/ nocase
        $sites = /(\x6Cockbit(apt|sup|file)?[a-z0-9]{6,60}\.onion)/
        $id = "\x44ecryption ID" nocase
        $cheap = "\x59ou can provide them accounting data for the access to any company" nocase
    condition:
        filesize < 64KB and not gate_rule_text and ($world or $black or $sites or $cheap) and 2 of them
}

rule ransom_note_conti
{
    meta:
        description = "Ransom note of Conti"
        reference = "https://attack.mitre.org/software/S0575/"
        family = "conti"
        severity = "critical"
        category = "ransom"
    strings:
        $strain = /(files|data)[^.\n]{0,40}encrypted by (the )?CONTI (strain|ransomware)?/ nocase
        $news = /CONTI ?(News|recovery)|contirecovery\.[a-z]{2,8}|continews[a-z0-9.]{3,60}/ nocase
        $id = "---BEGIN ID---"
        $try = /(additional|any) recovery software|recover your data with/ nocase
    condition:
        filesize < 32KB and not gate_rule_text and 2 of them
}

rule ransom_note_revil
{
    meta:
        description = "Ransom note of REvil (Sodinokibi)"
        reference = "https://attack.mitre.org/software/S0496/"
        family = "revil"
        severity = "critical"
        category = "ransom"
    strings:
        $welcome = /---={1,4} ?Welcome\. Again\. ?={1,4}---/
        $happen = /\[[+-]\] Whats? Happen\?/
        $guarantee = /\[[+-]\] What guarantees\?/
        $access = /\[[+-]\] How to get access (on|to) (the )?(our )?website\?/
        $danger = "!!! DANGER !!!"
        $extension = /extension [a-z0-9]{5,10}\b/
    condition:
        filesize < 32KB and not gate_rule_text and 3 of them
}

rule ransom_note_blackcat
{
    meta:
        description = "Ransom note of BlackCat (ALPHV)"
        reference = "https://attack.mitre.org/software/S1068/"
        family = "blackcat"
        severity = "critical"
        category = "ransom"
    strings:
        $happened = ">> What happened?"
        $sensitive = /(Sensitive|Important) (data|files) on your (system|network) (was|were) (DOWNLOADED|ENCRYPTED)/ nocase
        $caution = ">> CAUTION"
        $recovery = ">> Recovery procedure"
        $extension = /now they have ["']?[A-Za-z0-9]{4,12}["']? extension/
        $simple = "Follow these simple steps" nocase
    condition:
        filesize < 32KB and not gate_rule_text and 3 of them
}

rule ransom_wannacry
{
    meta:
        description = "WannaCry: the program or its note"
        reference = "https://attack.mitre.org/software/S0366/"
        family = "wannacry"
        severity = "critical"
        category = "ransom"
    strings:
        $oops = "\x4Foops, your files have been encrypted!" ascii wide
        $please = "@\x50lease_Read_Me@" ascii wide
        $decryptor = "@\x57anaDecryptor@" ascii wide
        $wnry = /\b(msg\/m_english|[bcrstu])\.wnry\b/
        $taskse = "\x74askse.exe"
        $tasksche = "\x74asksche.exe"
        $mutex = "\x4DsWinZonesCacheCounterMutexA"
        $kill = "\x69uqerfsodp9ifjaposdfjhgosurijfaewrwergwea"
    condition:
        ((gate_pe and filesize < 16MB and 3 of them) or (filesize < 16KB and not gate_rule_text and $oops and ($decryptor or $please)))
}

rule ransom_note_djvu
{
    meta:
        description = "Ransom note of STOP (Djvu)"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "stop"
        severity = "critical"
        category = "ransom"
    strings:
        $attention = "ATTENTION!"
        $worry = /Don'?t worry,? (my friend, )?you can return all your files!?/ nocase
        $strongest = /encrypted with (the )?strongest encryption (algorithm )?and unique key/ nocase
        $only = /The only method of recovering files is to purchase (a )?decrypt tool/ nocase
        $price = /Price of private key and decrypt software is \$[0-9]{3,4}/ nocase
        $discount = /Discount 50% available if you contact us first 72 hours/ nocase
        $id = /Your personal ID:?/ nocase
    condition:
        filesize < 16KB and not gate_rule_text and 3 of ($worry, $strongest, $only, $price, $discount) and ($attention or $id)
}

rule ransom_note_phobos_dharma
{
    meta:
        description = "Note of Phobos, Dharma or Crysis, as text or as HTML application"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "phobos"
        severity = "high"
        category = "ransom"
    strings:
        $locked = /(all your data has been locked us|All your files have been encrypted!)/ nocase
        $problem = /due to a security problem with your PC\.? If you want to restore them/ nocase
        $title = /write (us )?(to )?(the )?e-?mail/ nocase
        $subject = /Write this ID in the (title|subject) of your message/ nocase
        $day = /In case of no answer in (24|12) hours write us to/ nocase
        $free = /Free decryption as guarantee/ nocase
        $obtain = /How to obtain Bitcoins/ nocase
        $attention = /Do not rename encrypted files/ nocase
    condition:
        filesize < 64KB and not gate_rule_text and (4 of them or ($locked and $title and filesize < 1KB))
}

rule ransom_note_akira
{
    meta:
        description = "Ransom note of Akira"
        reference = "https://attack.mitre.org/software/S1129/"
        family = "akira"
        severity = "critical"
        category = "ransom"
    strings:
        $friends = /Whatever who you are and what your title is/ nocase
        $dead = /internal infrastructure of your company is fully or partially dead/ nocase
        $backups = /all your backups - virtual, physical/ nocase
        $onion = /akiral2iz6a7qgd3ayp3l6yub7xx2uep76idk3u2kollpj5z3z636bad|akiralkzxzq2dsrzsrvbr2xgbbu2wgsmxryd4csgfameg52n7efvr2id/
        $log = /how to log ?in to (our )?chat/ nocase
    condition:
        filesize < 32KB and not gate_rule_text and 2 of them
}

rule ransom_note_blackbasta
{
    meta:
        description = "Ransom note of Black Basta"
        reference = "https://attack.mitre.org/software/S1070/"
        family = "blackbasta"
        severity = "critical"
        category = "ransom"
    strings:
        $stolen = /(Your data (are|is) stolen and encrypted|All of your files are currently encrypted by no_name_software)/ nocase
        $publish = /data will be published on TOR website if you do not pay the ransom/ nocase
        $site = "aazsbsgya565vlu2c6bzy6yfiebkcbtvvcytvolt33s77xypi7nypxyd"
        $company = /Your company id for log ?in:/ nocase
        $basta = /\bbasta(news|@|d5mazlkr)?/ nocase
    condition:
        filesize < 32KB and not gate_rule_text and ($site or $company or $basta or $publish) and 2 of them
}

rule ransom_note_esxi
{
    meta:
        description = "Notes left on ESXi hosts (ESXiArgs and the Babuk builders)"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "esxiargs"
        severity = "critical"
        category = "ransom"
    strings:
        $alert = /Security Alert!!!/
        $hacked = /We hacked your company successfully/ nocase
        $days = /Send money within 3 days,? otherwise we will expose some data/ nocase
        $tox = /TOX_ID ?[A-F0-9]{76}/
        $babuk = /(How To Restore Your Files|your (computers and )?servers are encrypted,? (and )?backups are deleted)/ nocase
        $strong = /We use strong encryption algorithms,? so (no one|you cannot)/ nocase
        $network = /your network and servers are encrypted/ nocase
    condition:
        filesize < 32KB and not gate_rule_text and (2 of ($alert, $hacked, $days, $tox) or ($babuk and ($strong or $network)))
}

rule ransom_note_nas
{
    meta:
        description = "Notes left on network storage (DeadBolt, QLocker, eCh0raix)"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "deadbolt"
        severity = "critical"
        category = "ransom"
    strings:
        $deadbolt = /files have been locked by DeadBolt/ nocase
        $vendor = /IMPORTANT MESSAGE FOR (QNAP|ASUSTOR|TERRAMASTER)/ nocase
        $wallet = /address for the exact amount of/ nocase
        $qlocker = /encrypted using a private and unique key generated for the computer\. This key is stored in our server/ nocase
        $qwait = /the only way to receive your key and decrypt your files is making a Bitcoin payment/ nocase
        $ech = /All your data has been locked\(crypted\)\.?\s{1,4}How to unlock\(decrypt\) instruction/ nocase
        $ech_2 = /located in this TOR website/ nocase
    condition:
        filesize < 256KB and not gate_rule_text and (($deadbolt and ($vendor or $wallet)) or ($qlocker and $qwait) or ($ech and $ech_2))
}

rule ransom_note_database
{
    meta:
        description = "Note left in emptied databases: pay or the copy is published"
        reference = "https://attack.mitre.org/techniques/T1485/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $backed = /(All your data (is|was|has been)( a)? backed up|Your (DB|database|databases|data) (is|has been|was|are) (backed up|downloaded|backuped|dumped|deleted))/ nocase
        $pay = /You must pay [0-9.]{3,8} ?BTC|(send|pay) [0-9.]{3,8} ?(BTC|bitcoin)/ nocase
        $public = /(publicly disclosed|will be (leaked|deleted|published|public)|GDPR|In [0-9]{2} hours)/ nocase
        $after = /(after (that|payment|paying)|with your (db|ip|code|server)|your DBs? ?code)/ nocase
    condition:
        filesize < 64MB and not gate_rule_text and $backed and $pay and $public and $after
}

rule ransom_esxi_locker_elf
{
    meta:
        description = "Linux program that stops virtual machines of an ESXi host and encrypts their disks"
        reference = "https://attack.mitre.org/techniques/T1486/"
        family = "generic"
        severity = "critical"
        category = "ransom"
    strings:
        $esxcli = /\x65sxcli (--formatter=csv |--format-param=fields)?[^\x00\n]{0,60}vm process (list|kill)/
        $vimcmd = /\x76im-cmd (vmsvc\/(getallvms|power\.off|snapshot\.removeall)|hostsvc\/)/
        $volumes = "\x2Fvmfs/volumes"
        $vmdk = /\.(vmdk|vmem|vswp|vmsn|vmsd|nvram|vmx)\b/
        $note = /(\x72estore|readme|read_me|recover|how[ _-]to|ransom|decrypt|unlock)[^\x00\n]{0,24}\.(txt|html|README)/ nocase
        $crypt = /(\x65ncrypt|chacha20|salsa20|sosemanuk|curve25519|NTRU|RSA_public)/ nocase
        $key = "-----\x42EGIN PUBLIC KEY-----"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 16MB and ($esxcli or $vimcmd) and $vmdk and ($note or $key) and ($crypt or $volumes)
}

rule ransom_recovery_inhibit_pe
{
    meta:
        description = "Windows program that deletes shadow copies, backups and boot repair"
        reference = "https://attack.mitre.org/techniques/T1490/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $vss = /\x76ssadmin(\.exe)? {1,2}(delete {1,2}shadows|resize {1,2}shadowstorage)/ ascii wide nocase
        $wmic = /\x77mic(\.exe)? {1,2}shadowcopy {1,2}delete/ ascii wide nocase
        $bcd_1 = /\x62cdedit(\.exe)? [^\x00\n]{0,20}recoveryenabled {1,2}no/ ascii wide nocase
        $bcd_2 = /\x62ootstatuspolicy {1,2}ignoreallfailures/ ascii wide nocase
        $wbadmin = /\x77badmin(\.exe)? {1,2}delete {1,2}(catalog|systemstatebackup|backup)/ ascii wide nocase
        $wmi = /\x57in32_ShadowCopy[^\x00\n]{0,60}Delete/ ascii wide nocase
    condition:
        gate_pe and filesize < 32MB and 3 of them
}

rule ransom_recovery_inhibit_script
{
    meta:
        description = "Script that deletes shadow copies, backups and boot repair"
        reference = "https://attack.mitre.org/techniques/T1490/"
        family = "generic"
        severity = "high"
        category = "ransom"
    strings:
        $vss = /vssadmin(\.exe)?\s{1,4}(delete\s{1,4}shadows|resize\s{1,4}shadowstorage)/ nocase
        $wmic = /wmic(\.exe)?\s{1,4}shadowcopy\s{1,4}delete/ nocase
        $bcd_1 = /bcdedit(\.exe)?\s[^\n]{0,40}recoveryenabled\s{1,4}no/ nocase
        $bcd_2 = /bootstatuspolicy\s{1,4}ignoreallfailures/ nocase
        $wbadmin = /wbadmin(\.exe)?\s{1,4}delete\s{1,4}(catalog|systemstatebackup|backup)/ nocase
        $wmi = /Win32_ShadowCopy[^\n]{0,80}(Delete|Remove-WmiObject|Remove-CimInstance)/ nocase
    condition:
        (gate_batch or gate_powershell or gate_wsh or gate_markup) and filesize < 1MB and not gate_rule_text and 3 of them
}
