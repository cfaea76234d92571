//! Paths of names that are data from outside, by language, white space between them. A path is one
//! wherever it stands in a longer one; after `^` only at its start.

/// Flask, Django, FastAPI, aiohttp, tornado, bottle, Pyramid, the command line.
pub const PYTHON: &str = "
    request.args request.form request.values request.json request.data request.files
    request.cookies request.headers request.get_json request.get_data request.GET request.POST
    request.body request.FILES request.COOKIES request.META request.query_params
    request.path_params request.query request.forms request.params request.url request.full_path
    request.path request.view_args request.match_info request.query_string request.stream
    request.read request.text request.post request.referrer request.user_agent request.environ
    request.rel_url request.matchdict request.json_body request.host request.base_url
    request.remote_addr req.args req.form req.json req.params req.body req.get_param req.media
    self.request get_argument get_query_argument get_body_argument get_arguments
    cherrypy.request environ.get ^input ^raw_input sys.argv sys.stdin stdin.read parse_args recv
    recvfrom websocket.receive receive_text receive_json event.body event.queryStringParameters
    event.pathParameters cgi.FieldStorage FieldStorage getvalue click.prompt self.get_argument
    get_form_parameter get_query_parameter form.cleaned_data flask.request bottle.request
";

/// Express, Koa, Fastify, Next, the browser, functions as a service.
pub const JAVASCRIPT: &str = "
    req.query req.body req.params req.param req.cookies req.headers req.url req.originalUrl
    req.path req.files req.file req.get req.header req.hostname req.signedCookies req.rawBody
    req.host req.protocol request.query request.body request.params request.payload
    request.headers request.url request.cookies request.param request.files request.raw
    request.path request.json request.formData request.text request.nextUrl request.originalUrl
    ctx.query ctx.request ctx.params ctx.cookies ctx.headers ctx.url ctx.path context.params
    context.query context.request event.body event.queryStringParameters event.pathParameters
    event.headers event.data process.argv process.stdin location.search location.hash
    location.href document.URL document.location window.location document.referrer
    document.cookie window.name URLSearchParams searchParams router.query useParams
    useSearchParams $routeParams ^prompt $_GET msg.data message.data url.parse querystring.parse
    readline.question this.props.match route.params route.query localStorage.getItem
    sessionStorage.getItem
";

/// net/http, gin, echo, fiber, chi, the command line.
pub const GO: &str = "
    URL.Query URL.Path URL.RawQuery URL.Fragment URL.RawPath URL.String FormValue PostFormValue
    PostForm r.Form req.Form request.Form r.Header req.Header request.Header r.Body req.Body
    request.Body r.Cookie req.Cookie RequestURI MultipartForm FormFile MultipartReader r.Host
    r.Referer r.UserAgent c.Query c.Param c.DefaultQuery c.PostForm c.DefaultPostForm
    c.GetHeader c.Cookie c.QueryArray c.QueryMap c.GetRawData c.FormFile c.QueryParam
    c.FormValue c.Params c.Body c.Get ctx.Query ctx.Param ctx.Params ctx.Body ctx.FormValue
    ctx.QueryParam ctx.PostForm ctx.URLParam chi.URLParam mux.Vars PathValue os.Args flag.String
    flag.Arg flag.Args os.Stdin bufio.NewScanner ReadMessage ps.ByName params.ByName os.Getenv
";

/// Servlets, Vert.x, Spark, Android, readers.
pub const JAVA: &str = "
    getParameter getParameterValues getParameterMap getParameterNames getHeader getHeaders
    getHeaderNames getQueryString getCookies getInputStream getReader getRequestURI
    getRequestURL getPathInfo getPart getParts getRemoteUser getServletPath getPathTranslated
    getTheParameter getTheValue getTheCookie queryParams pathParam queryParam formParam
    bodyAsString getQueryParameters getPathParameters getOriginalFilename nextLine readLine
    getTheHeader request.body request.params req.body req.params req.queryParams
    request.queryParams ctx.pathParam ctx.queryParam getIntent getStringExtra getRawQuery
    getHostName getCanonicalHostName entry.getName zipEntry.getName tarEntry.getName ze.getName
";

/// ASP.NET, forms, the console.
pub const CSHARP: &str = "
    Request.QueryString Request.Query Request.Form Request.Params Request.Cookies
    Request.Headers Request.Body Request.Path Request.Url Request.RawUrl Request.InputStream
    Request.Files Request.UserAgent Request.UrlReferrer Request.RouteValues
    Request.ServerVariables Request.Item request.QueryString request.Query request.Form
    request.Params request.Headers request.Content request.Url request.Cookies Console.ReadLine
    Console.In RouteData.Values Environment.GetCommandLineArgs ^Request HttpContext.Request
    context.Request TextBox.Text txtInput.Text input.Text
";

/// PHP's own, Laravel, Symfony, Slim, CodeIgniter.
pub const PHP: &str = "
    ^$_GET ^$_POST ^$_REQUEST ^$_COOKIE ^$_SERVER ^$_FILES ^$_ENV ^$HTTP_GET_VARS
    ^$HTTP_POST_VARS ^$HTTP_RAW_POST_DATA ^$argv $request.input $request.get $request.query
    $request.all $request.post $request.request $request.cookie $request.header $request.headers
    $request.file $request.json $request.getContent $request.getParam $request.getQueryParams
    $request.getParsedBody $request.only $request.except $request.validated.none $this.request
    Input.get Request.input Request.get Input.all Request.all filter_input getenv readline
    $req.getQueryParams input.post input.get $this.input $_GET $_POST $_REQUEST $_COOKIE
";

/// Rails, Sinatra, Rack, the command line.
pub const RUBY: &str = "
    ^params request.params request.body request.headers request.env request.query_string
    request.url request.path request.fullpath request.original_url request.referer request.GET
    request.POST request.cookies ^cookies ^ARGV ^gets STDIN.read STDIN.gets $stdin.gets
    $stdin.read ARGF.read req.params self.params env.rack.input request.remote_ip
    request.user_agent request.host controller.params
";

/// actix, hyper, the command line.
pub const RUST: &str = "
    env.args std.env.args args_os stdin query_string match_info uri.query req.query
    request.query req.uri req.headers headers.get into_inner req.match_info req.body path_params
    cookies.get multipart.next_field
";
