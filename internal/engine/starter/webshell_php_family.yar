rule webshell_php_weevely
{
    meta:
        description = "Weevely agent: a body wrapped in two keys, read from the raw request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "weevely"
        severity = "critical"
        category = "webshell"
    strings:
        $frame = /preg_match\s{0,2}\(\s{0,2}"\/\$kh\(\.\+\)\$kf\/"/
        $input = "@file_get_contents(\"php://input\")"
        $unpack = "@gzuncompress(@x(@base64_decode("
        $pad_create = /str_replace\('[A-Za-z]{1,3}','','[A-Za-z_]{0,4}c[A-Za-z_]{0,4}r[A-Za-z_]{0,4}e[A-Za-z_]{0,4}a[A-Za-z_]{0,4}t[A-Za-z_]{0,4}e[A-Za-z_]{1,6}f[A-Za-z_]{0,4}u[A-Za-z_]{0,4}n[A-Za-z_]{0,4}c/
    condition:
        gate_php and filesize < 32KB and ($pad_create or 2 of ($frame, $input, $unpack))
}

rule webshell_php_behinder
{
    meta:
        description = "Behinder server side: session key, then AES or XOR over the raw body"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "behinder"
        severity = "critical"
        category = "webshell"
    strings:
        $key = "e45e329feb5d925b"
        $session = /\$_SESSION\s{0,2}\[\s{0,2}['"]k['"]\s{0,2}\]\s{0,2}=/
        $input = "php://input"
        $openssl = "openssl_decrypt" nocase
        $xor = /\$post\[\$i\]\s{0,2}=\s{0,2}\$post\[\$i\]\s{0,2}\^\s{0,2}\$key/
        $explode = /explode\s{0,2}\(\s{0,2}['"]\|['"]\s{0,2},\s{0,2}\$post/
    condition:
        gate_php and filesize < 32KB and $input and ($key or ($session and ($explode or $xor))) and ($openssl or $xor)
}

rule webshell_php_godzilla
{
    meta:
        description = "Godzilla server side: payload kept in the session, XOR with a 16-character key"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "godzilla"
        severity = "critical"
        category = "webshell"
    strings:
        $payload = /\$payloadName\s{0,2}=\s{0,2}['"]payload['"]/
        $key = "3c6e0b8a9c15224a"
        $encode = /function encode\s{0,2}\(\s{0,2}\$D\s{0,2},\s{0,2}\$K\s{0,2}\)/
        $xor = /\$D\[\$i\]\s{0,2}=\s{0,2}\$D\[\$i\]\s{0,2}\^\s{0,2}\$c/
        $basics = "getBasicsInfo"
    condition:
        gate_php and filesize < 32KB and 2 of them
}

rule webshell_php_c99_r57
{
    meta:
        description = "The c99 and r57 shells and the many copies of them"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "c99"
        severity = "critical"
        category = "webshell"
    strings:
        $c99_name = /\bc99(sh_|shexit|_buff_prepare|ftpbrutecheck|getsource|fsearch|madshell)/
        $c99_act = /\bact=(processes|ftpquickbrute|selfremove|feedback|encoder|fsbuff)\b/
        $r57_name = /\br57(shell|_pwd_hash|_kartal| shell)/ nocase
        $r57_back = /datapipe_(pl|c)|back_connect(_c)?\s{0,2}=/
        $sort = "fsbuff"
        $sql = /\bsql_(tbl_act|newdb|dump_file)\b/
    condition:
        gate_php and (2 of ($c99*) or 2 of ($r57*) or ($c99_name and ($sort or $sql)))
}

rule webshell_php_wso_filesman
{
    meta:
        description = "Web Shell by oRb (WSO, FilesMan) and its descendants"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "wso"
        severity = "critical"
        category = "webshell"
    strings:
        $files = /\$default_action\s{0,2}=\s{0,2}['"]FilesMan['"]/
        $act = /['"]a['"]\s{0,2}\]\s{0,2}=\s{0,2}['"]FilesMan['"]/
        $version = /['"]WSO_VERSION['"]/
        $login = /function (wso|orb)(Login|Header|Footer|Ex|SecParam|ViewSize|Stripslashes|setcookie)\s{0,2}\(/ nocase
        $actions = /function action(SecInfo|FilesMan|StringTools|FilesTools|SafeMode|SelfRemove|Bruteforce|Network|RC)\s{0,2}\(/
    condition:
        gate_php and (2 of them or #actions > 3 or #login > 2)
}

rule webshell_php_b374k
{
    meta:
        description = "b374k shell, plain or in its packed form"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "b374k"
        severity = "critical"
        category = "webshell"
    strings:
        $name = "b374k" nocase
        $pass = /\$(GLOBALS\[['"]pass['"]\]|s_pass|shell_pass(word)?)\s{0,2}=\s{0,2}['"][0-9a-f]{32,40}['"]/
        $pack = /\$(GLOBALS\[['"])?func(['"]\])?\s{0,2}=\s{0,2}['"]cr['"]\s{0,2}\.\s{0,2}['"]eat/
        $unpack = /gz(inflate|uncompress)\s{0,2}\(\s{0,2}base64_decode/
    condition:
        gate_php and $name and any of ($pass, $pack, $unpack)
}

rule webshell_php_alfa
{
    meta:
        description = "ALFA TEaM shell and its hidden data folder"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "alfa"
        severity = "critical"
        category = "webshell"
    strings:
        $team = "ALFA TEaM" nocase
        $folder = "ALFA_DATA"
        $cgi = "alfacgiapi"
        $protect = "Alfa_Protect_Shell"
        $author = "solevisible" nocase
        $call = /\balfa(Ex|Alfa|WriteTocgiapi|symlink|GetDisks|Cookie)\s{0,2}\(/
    condition:
        gate_php and 2 of them
}

rule webshell_php_p0wny
{
    meta:
        description = "p0wny single-file shell"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "p0wny"
        severity = "high"
        category = "webshell"
    strings:
        $prompt = "p0wny@shell"
        $shell = "featureShell("
        $hint = "featureHint("
        $upload = "featureUpload("
        $expand = "expandPath("
    condition:
        gate_php and 3 of them
}

rule webshell_php_indoxploit
{
    meta:
        description = "IndoXploit and related defacement kits"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "indoxploit"
        severity = "critical"
        category = "webshell"
    strings:
        $name = "IndoXploit" nocase
        $deface = /mass[ _]?deface(r|_dir)?/ nocase
        $jump = /\bjumping\b/ nocase
        $config = /\b(config grab|grab config|idx_config|config_grab)/ nocase
        $symlink = /\bsym(link)? ?(404|server|bypass)\b/ nocase
        $zone = /zone-?h\.org/ nocase
        $cpanel = /cpanel (crack|reset|bruteforce)/ nocase
    condition:
        gate_php and (($name and 2 of them) or 5 of them)
}

rule webshell_php_shell_console
{
    meta:
        description = "PHP page with the features of a full attack console"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $a1 = /ini_get\s{0,2}\(\s{0,2}['"](safe_mode|disable_functions|open_basedir)['"]/ nocase
        $a2 = "posix_getpwuid" nocase
        $a3 = "/etc/passwd"
        $a4 = /\b(shell_exec|passthru|proc_open|popen)\s{0,2}\(/ nocase
        $a5 = /back[ _-]?connect/ nocase
        $a6 = /bind[ _-]?(port|shell)/ nocase
        $a7 = /(self|kill)[ _-]?(remove|destroy|destruct|delete|kill me)/ nocase
        $a8 = /(execute|run) (command|php|code|shell)/ nocase
        $a9 = /\beval\s{0,2}\(\s{0,2}\$/
        $a10 = /bypass(er)?/ nocase
        $a11 = /\b(deface|defacer|brute ?force|symlink)\b/ nocase
        $a12 = "php_uname" nocase
    condition:
        gate_php and filesize < 512KB and 8 of them and ($a5 or $a6 or $a7)
}

rule webshell_php_wp_vcd
{
    meta:
        description = "wp-vcd infection of WordPress themes and plugins"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "wp-vcd"
        severity = "critical"
        category = "webshell"
    strings:
        $div = /\$div_code_name\s{0,2}=\s{0,2}['"]wp_vcd['"]/
        $file = "wp-vcd.php"
        $tmp = "wp-tmp.php"
        $mark = "WP_V_CD"
        $code = "$install_code"
        $hash = /\$install_hash\s{0,2}=\s{0,2}md5\s{0,2}\(/
    condition:
        gate_php and ($div or $mark or 3 of ($file, $tmp, $code, $hash))
}

rule webshell_php_mass_mailer
{
    meta:
        description = "Mass mailers left on broken-in web hosts for sending spam"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "leafmailer"
        severity = "medium"
        category = "webshell"
    strings:
        $leaf = /leaf ?php ?mailer|leafmailer/ nocase
        $alexus = /alexus ?mailer/ nocase
        $inbox = /(inbox|spam) (mailer|tester|to inbox)|priv8 mailer/ nocase
        $list = /\$(emaillist|emails_list|allemails|maillist)\b/ nocase
        $post = /\$_POST\s{0,2}\[\s{0,2}['"](emaillist|emailList|senderName|messageLetter|realname|replyto)['"]/
        $send = /(@?\bmail\s{0,2}\(|->Send\s{0,2}\()/ nocase
    condition:
        gate_php and $send and ($leaf or $alexus or $inbox) and ($list or $post)
}

rule webshell_htaccess_image_handler
{
    meta:
        description = ".htaccess that makes the web server run image or text files as PHP"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $type = /(AddType|AddHandler|SetHandler|ForceType)\s{1,4}["']?(application\/x-httpd-(php|cgi)[0-9]{0,2}|php[0-9.]{0,3}-script|cgi-script)["']?[^\n]{0,40}\.(jpe?g|gif|png|ico|txt|css|log|bmp|svg)\b/ nocase
        $match = /<FilesMatch\s{1,4}["']?[^\n>]{0,60}(jpe?g|gif|png|ico|txt|log|bmp)[^\n>]{0,30}>\s{1,40}(SetHandler|ForceType|AddHandler)\s{1,4}["']?application\/x-httpd-php/ nocase
    condition:
        filesize < 16KB and not gate_rule_text and ($type or $match) and
        for any word in (0x41646454, 0x41646448, 0x53657448, 0x466F7263, 0x3C46696C, 0x3C496652, 0x4F707469, 0x52657772, 0x7068705F) : (uint32be(0) == word)
}

rule webshell_userini_prepend
{
    meta:
        description = ".user.ini or .htaccess that puts an image or a file of /tmp in front of every PHP page"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $prepend = /\bauto_(prepend|append)_file\s{0,4}[= ]\s{0,4}["']?[^\s"']{0,80}(\/tmp\/|\/dev\/shm\/|\.(jpe?g|gif|png|ico|txt|log|bmp)\b|php:\/\/input|data:)/ nocase
    condition:
        filesize < 4KB and $prepend in (0..512) and
        for any word in (0x6175746F, 0x7068705F, 0x47494638, 0x616C6C6F, 0x5B504850, 0x3B0A6175) : (uint32be(0) == word)
}
