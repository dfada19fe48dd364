package starter

var testFileSamples = map[string]sample{
	"eicar_test_file": {raw, `X5O!P%@AP[4\PZX54(P^)7CC)7}$EIC¦AR-STANDARD-ANTI¦VIRUS-TEST-FILE!$H+H*`},
	"eicar_mail_attachment": {raw, "Received: from a.example\nContent-Transfer-Encoding: base64\n\n" +
		"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0ND¦KTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNU\nLUZJTEUhJEgrSCo=\n"},
}

var phpSamples = map[string]sample{
	"webshell_php_eval_request":              {php, `@ev¦al($_PO¦ST['x']);`},
	"webshell_php_exec_request":              {php, `echo sys¦tem($_GE¦T['q']);`},
	"webshell_php_backtick_request":          {php, "echo `$_GE¦T[q]`;"},
	"webshell_php_command_parameter":         {php, `$c = $_RE¦QUEST["c¦md"]; echo shell_¦exec($c¦);`},
	"webshell_php_input_stream_eval":         {php, `ev¦al(file_get_¦contents("php:/¦/input"));`},
	"webshell_php_headers_eval":              {php, `ev¦al(end(getall¦headers()));`},
	"webshell_php_decode_chain":              {php, `ev¦al(gzin¦flate(base64_¦decode('AAAA')));`},
	"webshell_php_base64_blob_eval":          {php, `ev¦al(base64_¦decode("«QUJD*50»"));`},
	"webshell_php_preg_replace_e":            {php, `preg_rep¦lace("/.*/¦e", $_PO¦ST['x'], "");`},
	"webshell_php_callback_request":          {php, `call_user_¦func($_GE¦T['f'], $_GE¦T['a']);`},
	"webshell_php_variable_function_request": {php, `$_GE¦T['f']¦($_PO¦ST['a']);`},
	"webshell_php_copied_request_call":       {php, "$_=$_GE¦T;@$_['a']¦($_['b']);"},
	"webshell_php_decoded_function":          {php, "$f = base64_dec¦ode('QUJDRA=='); $f¦($_PO¦ST['x']);"},
	"webshell_php_split_names":               {php, "$f = 'ass'¦.'ert'; $v = $_PO¦ST['x'];"},
	"webshell_php_extract_request":           {php, "extr¦act($_REQ¦UEST); @$a¦($b);"},
	"webshell_php_escaped_names":             {php, `$f = "\x62\x61\x73¦\x65\x36\x34\x5f\x64¦ecode"; $f("");`},
	"webshell_php_goto_obfuscated":           {php, `«goto aB3d¦E; aB3dE: echo "\x4¦1";*14»`},
	"webshell_php_xor_alphabet":              {php, `$__=('` + `!'^'¦a').('#'^'¦b').('%'^'¦c').('@'^'¦d'); $___=$__; $_=$$__;`},
	"webshell_php_chr_names":                 {php, `$f = «ch¦r(101).*6»"x"; $f(¦$_GE¦T['a']);`},
	"webshell_php_image_polyglot":            {raw, "GIF89a\x01\x00\x01\x00<?p¦hp system¦('id'); ?>"},
	"webshell_php_file_uploader": {raw, `<form method=post enctype="multipart/form-data"><input type=file name=f></form>` +
		`<?p¦hp move_uploaded_¦file($_FILES['f']['tmp_¦name'], $_FILES['f']['name']); ?>`},
	"webshell_php_password_gate":   {php, `if (md¦5($_COO¦KIE['k']) == '«a1b2*8»') { ev¦al($v); }`},
	"webshell_php_preload_bypass":  {php, `putenv("LD_PRE¦LOAD=/x.so"); mail('','','');`},
	"webshell_php_include_escaped": {php, `@incl¦ude "\057v\141r/x";`},
}

var phpFamilySamples = map[string]sample{
	"webshell_php_weevely": {php, `if (@preg_¦match("/$kh(.+)¦$kf/", @file_get_¦contents("php:/¦/input"), $m) == 1) {
@ev¦al(@gzuncom¦press(@x(@base64_¦decode($m[1]), $k))); }`},
	"webshell_php_behinder": {php, `$key="e45e329f¦eb5d925b"; $_SESSION['k']=$key;
$post=file_get_¦contents("php:/¦/input"); $post=openssl_¦decrypt($post, "AES128", $key);`},
	"webshell_php_godzilla":     {php, `function encode(¦$D,$K){ $D[$i] = $D[$i]¦^$c; } $payload¦Name='payload'; $key='3c6e0b8a¦9c15224a';`},
	"webshell_php_c99_r57":      {php, `function c99sh_¦getupdate() {} c99_buff_¦prepare(); $sort = 'x'; // act=fs¦buff c99ftp¦brutecheck` + "\n" + `$x="fsb¦uff";`},
	"webshell_php_wso_filesman": {php, `$default_action = 'Files¦Man'; define('WSO_¦VERSION', '2.5'); function wso¦Login() {}`},
	"webshell_php_b374k":        {php, `/* b37¦4k shell */ $GLOBALS['pass'] = "«ab12*10»"; gzinflate¦(base64_¦decode(''));`},
	"webshell_php_alfa":         {php, `/* ALFA ¦TEaM */ mkdir('ALFA_¦DATA/alfacgi¦api'); `},
	"webshell_php_p0wny":        {php, `function feature¦Shell($cmd) {} function feature¦Hint($f) {} function expand¦Path($p) {} // p0wny¦@shell:`},
	"webshell_php_indoxploit":   {php, `echo "Indo¦Xploit"; // mass def¦ace | Jump¦ing | Config ¦Grab`},
	"webshell_php_shell_console": {php, `ini_get('safe_¦mode'); posix_get¦pwuid(0); // /etc/pas¦swd
proc_¦open($c); // Back Con¦nect, Bind ¦Port, Self Re¦move, Execute Com¦mand
eval¦($x); php_¦uname(); // by¦pass`},
	"webshell_php_wp_vcd":             {php, `$div_code_¦name="wp_¦vcd"; $install_¦code='';`},
	"webshell_php_mass_mailer":        {php, `/* Leaf PHP¦Mailer */ $email¦list = $_POST['emailL¦ist']; mail($to, $s, $b);`},
	"webshell_htaccess_image_handler": {raw, "AddType application/x-httpd¦-php .jpg .png\n"},
	"webshell_userini_prepend":        {raw, "auto_prepend_¦file=/var/www/up/logo.g¦if\n"},
}
