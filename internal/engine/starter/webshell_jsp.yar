rule webshell_jsp_runtime_exec
{
    meta:
        description = "JSP that hands a request parameter to Runtime.exec"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $exec = /getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec\s{0,4}\(/
        $param = /request\s{0,4}\.\s{0,4}get(Parameter|Header|QueryString|InputStream|Reader)\s{0,4}\(/
        $open = "<%"
        $jspx = "<jsp:scriptlet>"
    condition:
        gate_markup and filesize < 128KB and $exec and $param and ($open or $jspx)
}

rule webshell_jsp_process_builder
{
    meta:
        description = "JSP that hands a request parameter to ProcessBuilder"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $builder = /new\s{1,4}(java\.lang\.)?ProcessBuilder\s{0,4}\(/
        $param = /request\s{0,4}\.\s{0,4}get(Parameter|Header|QueryString)\s{0,4}\(/
        $shell = /["'](cmd(\.exe)?|\/bin\/(ba)?sh|sh|\/c|-c)["']/
        $open = "<%"
        $jspx = "<jsp:scriptlet>"
    condition:
        gate_markup and filesize < 128KB and $builder and $param and $shell and ($open or $jspx)
}

rule webshell_jsp_class_loader
{
    meta:
        description = "JSP that decrypts the body of the request and defines a class from it, as Behinder does"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "behinder"
        severity = "critical"
        category = "webshell"
    strings:
        $loader = /extends\s{1,4}ClassLoader\b/
        $define = /\b(super|this)?\.?defineClass\s{0,4}\(/
        $cipher = /Cipher\s{0,4}\.\s{0,4}getInstance\s{0,4}\(\s{0,4}"AES/
        $body = /request\s{0,4}\.\s{0,4}get(Reader|InputStream)\s{0,4}\(/
        $base64 = /(BASE64Decoder|Base64)/
        $open = "<%"
        $jspx = "<jsp:scriptlet>"
    condition:
        gate_markup and filesize < 64KB and $loader and $define and ($open or $jspx) and 2 of ($cipher, $body, $base64)
}

rule webshell_jsp_godzilla
{
    meta:
        description = "Godzilla JSP: payload class in the session, fixed key and pass variables"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "godzilla"
        severity = "critical"
        category = "webshell"
    strings:
        $key = /String\s{1,4}xc\s{0,4}=\s{0,4}"[0-9a-f]{16}"/
        $default = "3c6e0b8a9c15224a"
        $pass = /String\s{1,4}pass\s{0,4}=\s{0,4}"[^"\n]{1,30}"/
        $payload = /getAttribute\s{0,4}\(\s{0,4}"payload"\s{0,4}\)/
        $class = "extends ClassLoader"
    condition:
        gate_markup and filesize < 64KB and ($key or $default) and 2 of ($pass, $payload, $class)
}

rule webshell_jsp_script_engine
{
    meta:
        description = "JSP that evaluates a request parameter in a script engine or expression language"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $engine = /getEngineByName\s{0,4}\(\s{0,4}"(js|javascript|nashorn|JavaScript|ECMAScript|groovy)"/ nocase
        $eval = /\.eval\s{0,4}\(\s{0,4}(new\s{1,4}String\s{0,4}\(\s{0,4})?request\s{0,4}\.\s{0,4}getParameter/
        $el = /(ExpressionFactory|ELProcessor|ELManager|SpelExpressionParser)/
        $el_eval = /\.(eval|createValueExpression|parseExpression|getValue)\s{0,4}\([^;\n]{0,80}request\s{0,4}\.\s{0,4}getParameter/
        $open = "<%"
    condition:
        gate_markup and filesize < 64KB and $open and (($engine and $eval) or ($el and $el_eval))
}

rule webshell_jsp_bcel_loader
{
    meta:
        description = "JSP that loads a class hidden in BCEL form"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $bcel = "$$BCEL$$"
        $loader = "com.sun.org.apache.bcel.internal.util.ClassLoader"
        $open = "<%"
    condition:
        gate_markup and filesize < 256KB and $open and all of them
}

rule webshell_jsp_memory_filter
{
    meta:
        description = "JSP that plants a filter, servlet or listener inside a running Tomcat"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $context = /org\.apache\.catalina\.core\.(StandardContext|ApplicationContext(Facade)?|ApplicationFilterConfig)/
        $field = /getDeclaredField\s{0,4}\(\s{0,4}"(context|filterConfigs|filterMaps|filterDefs)"/
        $add = /\.(addFilterDef|addFilterMapBefore|addFilterMap|addServletMappingDecoded|addApplicationEventListener|addValve)\s{0,4}\(/
        $exec = /(getRuntime\s{0,4}\(\s{0,4}\)|ProcessBuilder|defineClass)/
        $open = "<%"
    condition:
        gate_markup and filesize < 128KB and all of them
}

rule webshell_jsp_file_writer
{
    meta:
        description = "Small JSP that writes a file whose name and content come from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $out = /new\s{1,4}(java\.io\.)?(FileOutputStream|FileWriter|RandomAccessFile)\s{0,4}\([^;\n]{0,120}request\s{0,4}\.\s{0,4}getParameter\s{0,4}\(/
        $write = /\.(write|print|println|writeBytes)\s{0,4}\([^;\n]{0,80}(request\s{0,4}\.\s{0,4}getParameter|getBytes|decode)/
        $open = "<%"
    condition:
        gate_markup and filesize < 8KB and all of them
}

rule webshell_jsp_unicode_escaped
{
    meta:
        description = "JSP with its Java spelt in unicode escapes"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $runtime = "\\u0052\\u0075\\u006e\\u0074\\u0069\\u006d\\u0065" nocase
        $class_loader = "\\u0043\\u006c\\u0061\\u0073\\u0073\\u004c\\u006f" nocase
        $request = "\\u0072\\u0065\\u0071\\u0075\\u0065\\u0073\\u0074" nocase
        $define = "\\u0064\\u0065\\u0066\\u0069\\u006e\\u0065\\u0043" nocase
        $open = "<%"
        $jspx = "jsp:scriptlet"
    condition:
        gate_markup and filesize < 512KB and ($open or $jspx) and any of ($runtime, $class_loader, $request, $define)
}

rule webshell_tunnel_regeorg
{
    meta:
        description = "Server side of reGeorg or Neo-reGeorg: a SOCKS tunnel through a web page"
        reference = "https://attack.mitre.org/techniques/T1572/"
        family = "regeorg"
        severity = "critical"
        category = "webshell"
    strings:
        $greeting = "Georg says, 'All seems fine'"
        $cmd = /X-CMD/ nocase
        $target = /X-TARGET/ nocase
        $port = /X-PORT/ nocase
        $status = /X-STATUS/ nocase
        $error = /X-ERROR/ nocase
        $forward = /["']FORWARD["']/
    condition:
        filesize < 128KB and (gate_markup or gate_php) and ($greeting or ($cmd and $status and 3 of ($target, $port, $error, $forward)))
}

rule webshell_coldfusion_execute
{
    meta:
        description = "ColdFusion page that runs a form or URL variable with cfexecute"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $execute = /<cfexecute[^>]{0,200}(name|arguments)\s{0,4}=\s{0,4}["']?#?\s{0,2}(form|url|cgi)\./ nocase
        $shell = /<cfexecute[^>]{0,100}name\s{0,4}=\s{0,4}["'](c:\\\\?windows\\\\?system32\\\\?)?(cmd(\.exe)?|\/bin\/(ba)?sh)["'][^>]{0,100}#/ nocase
    condition:
        gate_markup and filesize < 128KB and any of them
}
