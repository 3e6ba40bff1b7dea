using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Dpfah.Api.Http;
using Dpfah.Engine.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Dpfah.Api.Access;

/// <summary>Knows callers by their API key, in a header or in the cookie of a session. Where no key is needed, everybody is an admin.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, KeyGate gate, KeyAttempts attempts, ServiceState state)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    private const int RetryAfterSeconds = 2;

    private static readonly ClaimsPrincipal Local = PrincipalOf(Caller.Local);

    // Whoever calls cannot be known at the moment: told only where it matters, since some paths are open to all.
    private string? notReady;

    private TimeSpan? wait;

    /// <summary>The key in a request's headers; null when there is none.</summary>
    public static string? ReadHeader(HttpRequest request)
    {
        string? authorization = request.Headers.Authorization;
        return authorization?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) == true
            ? authorization["Bearer ".Length..].Trim()
            : request.Headers["X-Api-Key"];
    }

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (gate.IsOpen)
        {
            notReady = gate.HasReadKeys ? null : state.Step.Detail;
            return Task.FromResult(notReady is null ? Success(Caller.Local) : AuthenticateResult.NoResult());
        }

        if ((ReadHeader(Request) ?? SessionCookie.Read(Request)) is not { Length: > 0 } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        try
        {
            return Task.FromResult(attempts.Find(Context, key, out wait) is { } caller ? Success(caller) : AuthenticateResult.Fail("The API key is not known."));
        }
        catch (NotReadyException error)
        {
            notReady = error.Message;
            return Task.FromResult(AuthenticateResult.NoResult());
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (notReady is not null)
        {
            Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return Problems.NotReady(notReady).ExecuteAsync(Context);
        }

        if (wait is { } time)
        {
            RateLimits.SetRetryAfter(Response, time);
            return Problems.TooManyWrongKeys().ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Problems.Forbidden().ExecuteAsync(Context);

    private static AuthenticateResult Success(Caller caller) =>
        AuthenticateResult.Success(new AuthenticationTicket(caller == Caller.Local ? Local : PrincipalOf(caller), SchemeName));

    private static ClaimsPrincipal PrincipalOf(Caller caller)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name), new Claim(ClaimTypes.Role, caller.Role)], SchemeName);
        return new ClaimsPrincipal(caller.Collections is null ? identity : new LimitedIdentity(identity, caller.Collections));
    }
}
