using System.Buffers.Text;
using System.Text;

namespace Dpfah.Api.Access;

/// <summary>
/// The cookie by which the web page is signed in. It holds the key itself, out of reach of scripts: every node knows it, and it ends
/// with the key or with the browser. Nothing is stored.
/// </summary>
internal static class SessionCookie
{
    public const string Name = "dpfah-session";

    /// <summary>The key in a request's cookie; null when there is none.</summary>
    public static string? Read(HttpRequest request)
    {
        // As base64url: a key may have any characters, a cookie may not.
        return request.Cookies.TryGetValue(Name, out string? value) && value.Length > 0 && Base64Url.IsValid(value)
            ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(value))
            : null;
    }

    public static void Write(HttpContext context, string key) =>
        context.Response.Cookies.Append(Name, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key)), Options(context.Request));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context.Request));

    private static CookieOptions Options(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = request.PathBase.HasValue ? request.PathBase.Value : "/",
        IsEssential = true,
    };
}
