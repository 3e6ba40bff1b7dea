using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Dpfah.Api.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Dpfah.Api.Access;

/// <summary>Knows callers by their API key. Where no key is configured, everybody on this machine is an admin.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<ApiKeyOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<ApiKeyOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Options.AdminKeyHash is not { } hash)
        {
            return Task.FromResult(Success("local", Policies.Admin));
        }

        if (ReadKey() is not { } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(
            CryptographicOperations.FixedTimeEquals(ApiKeyOptions.Hash(key), hash)
                ? Success("admin", Policies.Admin)
                : AuthenticateResult.Fail("The API key is not known."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Problems.Forbidden().ExecuteAsync(Context);

    private string? ReadKey()
    {
        string? authorization = Request.Headers.Authorization;
        return authorization?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) == true
            ? authorization["Bearer ".Length..].Trim()
            : Request.Headers["X-Api-Key"];
    }

    private static AuthenticateResult Success(string name, string role) => AuthenticateResult.Success(new AuthenticationTicket(
        new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, role)], SchemeName)), SchemeName));
}

/// <summary>The keys that the handler knows.</summary>
internal sealed class ApiKeyOptions : AuthenticationSchemeOptions
{
    /// <summary>SHA-256 of the admin key; null when none is configured.</summary>
    public byte[]? AdminKeyHash { get; set; }

    /// <summary>A key has 256 random bits, so that a plain hash is enough.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
