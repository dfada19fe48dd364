rule webshell_php_eval_request
{
    meta:
        description = "PHP that evaluates code taken straight from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\b(eval|assert)\s{0,4}\(\s{0,4}(["']\s{0,2}\?>\s{0,2}["']\s{0,2}\.\s{0,2})?@?(stripslashes|trim|urldecode|rawurldecode|strrev|hex2bin|base64_decode|str_rot13|gzinflate)?\s{0,4}\(?\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE|SERVER\s{0,4}\[\s{0,4}['"]HTTP_)/ nocase
    condition:
        gate_php and $eval
}

rule webshell_php_exec_request
{
    meta:
        description = "PHP that runs a system command taken straight from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $exec = /\b(system|shell_exec|passthru|popen|proc_open|pcntl_exec|exec)\s{0,4}\(\s{0,4}@?(stripslashes|trim|urldecode|base64_decode|hex2bin|str_rot13)?\s{0,4}\(?\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE|SERVER\s{0,4}\[\s{0,4}['"]HTTP_)/ nocase
    condition:
        gate_php and $exec
}

rule webshell_php_backtick_request
{
    meta:
        description = "PHP backtick operator around a request parameter"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $tick = /(\becho|\bprint|\breturn|=|\()\s{0,4}@?`\s{0,4}\{?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^`\n]{1,40}`/
    condition:
        gate_php and $tick
}

rule webshell_php_command_parameter
{
    meta:
        description = "Small PHP page that moves a parameter named like a command into a variable and runs it"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $param = /\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[\s{0,4}['"](cmd|command|exec|execute|shell|syscmd|kmd)['"]\s{0,4}\]/ nocase
        $run = /\b(system|shell_exec|passthru|exec|popen|proc_open)\s{0,4}\(\s{0,4}['"]?\s{0,4}\.?\s{0,4}\$(cmd|command|c|exec|execute|shell|run|kmd)\b/ nocase
        $safe = /escapeshell(arg|cmd)/ nocase
    condition:
        gate_php and filesize < 16KB and $param and $run and not $safe
}

rule webshell_php_input_stream_eval
{
    meta:
        description = "PHP that evaluates the raw body of the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\b(eval|assert)\s{0,4}\([^;\n]{0,80}file_get_contents\s{0,4}\(\s{0,4}['"]php:\/\/input['"]/ nocase
        $quiet = /@(eval|assert)\s{0,4}\([^;\n]{0,80}file_get_contents\s{0,4}\(\s{0,4}['"]php:\/\/input['"]/ nocase
        $include = /\b(include|require)(_once)?\s{0,4}\(?\s{0,4}['"]php:\/\/input['"]/ nocase
    condition:
        gate_php and ($quiet or $include or ($eval and filesize < 4KB))
}

rule webshell_php_headers_eval
{
    meta:
        description = "PHP that evaluates a request header"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\b(eval|assert|system|passthru|shell_exec)\s{0,4}\(\s{0,4}@?(base64_decode\s{0,4}\(\s{0,4})?(end|current|next|reset|pos|array_pop|array_shift)?\s{0,4}\(?\s{0,4}(getallheaders|apache_request_headers)\s{0,4}\(/ nocase
    condition:
        gate_php and $eval
}

rule webshell_php_decode_chain
{
    meta:
        description = "PHP that evaluates text unpacked through two or more decoders"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $chain = /\b(eval|assert)\s{0,4}\(\s{0,4}["']?(\?>["']\s{0,4}\.\s{0,4})?@?(gzinflate|gzuncompress|gzdecode|str_rot13|strrev|base64_decode|convert_uudecode|rawurldecode|urldecode|hex2bin)\s{0,4}\(\s{0,4}@?(gzinflate|gzuncompress|gzdecode|str_rot13|strrev|base64_decode|convert_uudecode|rawurldecode|urldecode|hex2bin)\s{0,4}\(/ nocase
    condition:
        gate_php and $chain
}

rule webshell_php_base64_blob_eval
{
    meta:
        description = "PHP that evaluates a long base64 literal"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $blob = /\beval\s{0,4}\(\s{0,4}@?base64_decode\s{0,4}\(\s{0,4}['"][A-Za-z0-9+\/]{160}/ nocase
    condition:
        gate_php and $blob
}

rule webshell_php_preg_replace_e
{
    meta:
        description = "PHP preg_replace with the code-running modifier on request data or a decoder"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $modifier = /preg_replace\s{0,4}\(\s{0,4}["'][\/#~@|][^"'\n]{0,40}[\/#~@|][imsux]{0,5}e[imsux]{0,5}["']\s{0,4},\s{0,4}(@?\$_(GET|POST|REQUEST|COOKIE)|["'](eval|assert|@?base64_decode|\\x65\\x76)|(eval|assert|base64_decode|str_rot13)\s{0,4}\()/ nocase
    condition:
        gate_php and $modifier
}

rule webshell_php_callback_request
{
    meta:
        description = "PHP callback whose function and argument both come from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $call = /\b(call_user_func|call_user_func_array|array_map|usort|uasort|uksort|array_walk|register_shutdown_function)\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)[^;\n]{1,40},\s{0,4}(array\s{0,4}\(\s{0,4})?@?\$_(GET|POST|REQUEST|COOKIE)/ nocase
        $assert = /\b(array_map|usort|uasort|uksort|array_walk|array_filter|call_user_func)\s{0,4}\([^;\n]{0,60}['"]assert['"]/ nocase
        $request = /\$_(GET|POST|REQUEST|COOKIE)\b/
    condition:
        gate_php and ($call or ($assert and $request and filesize < 64KB))
}

rule webshell_php_copied_request_call
{
    meta:
        description = "Small PHP that copies the request into a short variable and calls or evaluates its items"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $copy = /\$\w{1,8}\s{0,2}=\s{0,2}&?\s{0,2}\$_(GET|POST|REQUEST|COOKIE)\s{0,2};/
        $call = /\]\(@?\$\w{1,8}\s{0,2}[\[,]/
        $eval = /\b(eval|assert|system|passthru|shell_exec|create_function)\s{0,2}\(\s{0,2}@?\$\w{1,8}\s{0,2}\[/ nocase
    condition:
        gate_php and filesize < 16KB and $copy and ($call or $eval)
}

rule webshell_php_decoded_function
{
    meta:
        description = "Small PHP that decodes a function's name and calls it with request data"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $name = /\$\w{1,16}\s{0,2}=\s{0,2}@?(base64_decode|str_rot13|strrev|hex2bin|gzinflate|pack|convert_uudecode)\s{0,2}\(\s{0,2}['"][^'"\n]{4,40}['"]/
        $call = /[;{}(=@\s]\$\w{1,16}\s{0,2}\(\s{0,2}@?((base64_decode|stripslashes|hex2bin)\s{0,2}\(\s{0,2})?\$_(GET|POST|REQUEST|COOKIE)\s{0,2}\[/
    condition:
        gate_php and filesize < 8KB and all of them
}

rule webshell_php_split_names
{
    meta:
        description = "PHP that writes a dangerous function's name in two pieces beside request data"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $split = /["'](a["']\s{0,2}\.\s{0,2}["']ssert|as["']\s{0,2}\.\s{0,2}["']sert|ass["']\s{0,2}\.\s{0,2}["']ert|asse["']\s{0,2}\.\s{0,2}["']rt|cr["']\s{0,2}\.\s{0,2}["']eate|create["']\s{0,2}\.\s{0,2}["']_func|crea["']\s{0,2}\.\s{0,2}["']te_f|base["']\s{0,2}\.\s{0,2}["']64|base64["']\s{0,2}\.\s{0,2}["']_dec|bas["']\s{0,2}\.\s{0,2}["']e64|sys["']\s{0,2}\.\s{0,2}["']tem|shell["']\s{0,2}\.\s{0,2}["']_exec|gz["']\s{0,2}\.\s{0,2}["']inflate|str_["']\s{0,2}\.\s{0,2}["']rot13|pass["']\s{0,2}\.\s{0,2}["']thru)/ nocase
        $request = /\$_(GET|POST|REQUEST|COOKIE)\b|php:\/\/input/
    condition:
        gate_php and filesize < 64KB and all of them
}

rule webshell_php_extract_request
{
    meta:
        description = "Small PHP that turns the request into variables and calls one of them"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $extract = /\b(extract|parse_str)\s{0,2}\(\s{0,2}@?\$_(GET|POST|REQUEST|COOKIE|SERVER\s{0,2}\[\s{0,2}['"]QUERY_STRING)[^?]{0,300}[;{}=@\s]\$\w{1,8}\s{0,2}\(\s{0,2}@?\$\w{1,8}\s{0,2}[,)]/ nocase
    condition:
        gate_php and filesize < 2KB and $extract
}

rule webshell_php_variable_function_request
{
    meta:
        description = "PHP that calls a function named by the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $call = /\$_(GET|POST|REQUEST|COOKIE)\s{0,4}[\[\{][^\]\}\n]{1,30}[\]\}]\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)/
    condition:
        gate_php and $call
}

rule webshell_php_escaped_names
{
    meta:
        description = "PHP that spells function names in hex or octal escapes to hide them"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $eval_hex = "\\x65\\x76\\x61\\x6c" nocase
        $assert_hex = "\\x61\\x73\\x73\\x65\\x72\\x74" nocase
        $base64_hex = "\\x62\\x61\\x73\\x65\\x36\\x34\\x5f\\x64" nocase
        $gzinflate_hex = "\\x67\\x7a\\x69\\x6e\\x66\\x6c\\x61" nocase
        $create_hex = "\\x63\\x72\\x65\\x61\\x74\\x65\\x5f\\x66" nocase
        $system_hex = "\\x73\\x79\\x73\\x74\\x65\\x6d" nocase
        $eval_oct = "\\145\\166\\141\\154"
        $base64_oct = "\\142\\141\\163\\145\\66\\64"
    condition:
        gate_php and any of them
}

rule webshell_php_goto_obfuscated
{
    meta:
        description = "PHP cut into goto jumps with escaped strings, as obfuscators of uploaded shells write it"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $goto = /\bgoto [A-Za-z0-9_]{5,12};/
        $escape_hex = "\"\\x"
        $escape_octal = "\"\\1"
    condition:
        gate_php and #goto > 12 and (#escape_hex + #escape_octal) > 6
}

rule webshell_php_xor_alphabet
{
    meta:
        description = "Small PHP that builds names from XOR of punctuation instead of writing them"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $xor_single = "'^'"
        $xor_double = "\"^\""
        $under = /\$_{2,9}\s{0,2}\.?=/
    condition:
        gate_php and filesize < 8KB and (#xor_single + #xor_double) > 3 and #under > 1
}

rule webshell_php_chr_names
{
    meta:
        description = "PHP that puts a function name together from character codes and calls it with request data"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $chr = /(\bchr\s{0,2}\(\s{0,2}[0-9x^ ]{1,8}\)\s{0,2}\.\s{0,2}){5}/ nocase
        $request = /\$_(GET|POST|REQUEST|COOKIE)\b/
        $call = /@?\$[A-Za-z_0-9]{1,20}\s{0,2}\(\s{0,2}@?(\$_(GET|POST|REQUEST|COOKIE)|base64_decode|gzinflate)/
    condition:
        gate_php and filesize < 64KB and all of them
}

rule webshell_php_image_polyglot
{
    meta:
        description = "Image or PDF header followed by PHP that runs code or commands"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $run = /\b(eval|assert|system|shell_exec|passthru|proc_open|popen|base64_decode|create_function|move_uploaded_file)\s{0,4}\(/ nocase
        $open = /<\?(php|=)[\s@$(]/ nocase
    condition:
        (uint32be(0) == 0x47494638 or uint32be(0) == 0x89504E47 or uint16be(0) == 0xFFD8 or uint32be(0) == 0x25504446) and
        filesize < 4MB and $open and for any i in (1..#run) : (@run[i] > @open[1])
}

rule webshell_php_file_uploader
{
    meta:
        description = "Tiny PHP page that stores whatever is uploaded under the name it came with"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "medium"
        category = "webshell"
    strings:
        $move = /\b(move_uploaded_file|copy)\s{0,4}\(\s{0,4}\$_FILES\s{0,4}\[[^\]\n]{1,20}\]\s{0,4}\[\s{0,4}['"]tmp_name['"]\s{0,4}\]\s{0,4},\s{0,4}(['"][^'"\n]{0,20}['"]\s{0,4}\.\s{0,4})?\$_(FILES|POST|GET|REQUEST)/ nocase
        $form = "multipart/form-data" nocase
        $check = /\b(pathinfo|in_array|getimagesize|finfo_|require|include|session_start|mime_content_type|namespace|basename)\b/ nocase
    condition:
        gate_php and filesize < 4KB and $move and $form and not $check
}

rule webshell_php_password_gate
{
    meta:
        description = "PHP that runs code only for whoever sends the word behind an MD5 or SHA-1 digest"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $gate = /\b(md5|sha1)\s{0,2}\(\s{0,2}(md5\s{0,2}\(\s{0,2})?@?\$_(GET|POST|REQUEST|COOKIE|SERVER)[^;\n=]{1,40}={2,3}\s{0,2}['"][0-9a-f]{32,40}['"]/ nocase
        $run = /\b(eval|assert|system|shell_exec|passthru|create_function)\s{0,2}\(\s{0,2}@?(\$|base64_decode)/ nocase
    condition:
        gate_php and filesize < 128KB and $gate and $run
}

rule webshell_php_preload_bypass
{
    meta:
        description = "PHP that loads a library through LD_PRELOAD or FFI to get past disable_functions"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $preload = /putenv\s{0,2}\(\s{0,2}['"]LD_PRELOAD=/ nocase
        $trigger = /\b(mail|mb_send_mail|error_log|imap_mail|gnupg_init)\s{0,2}\(/ nocase
        $ffi = /FFI::cdef\s{0,2}\(\s{0,2}["'][^"'\n]{0,20}\b(int|char ?\*) ?(system|popen)\s{0,2}\(/
    condition:
        gate_php and (($preload and $trigger) or $ffi)
}

rule webshell_php_include_escaped
{
    meta:
        description = "Injected include whose path is spelt in octal or hex escapes"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $include = /@(include|require)(_once)?\s{0,2}\(?\s{0,2}["'](\\(057|x2f|056|x2e|150|x68)|[\/a-z]{0,6}\\(x[0-9a-f]{2}|[01][0-7]{2})[\/a-z0-9_.-]{0,6}\\(x[0-9a-f]{2}|[01][0-7]{2}))/ nocase
    condition:
        gate_php and $include
}
