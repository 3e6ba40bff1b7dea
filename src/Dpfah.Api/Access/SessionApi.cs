using System.Security.Claims;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Access;

/// <summary>Sign-in of the web page: a key becomes a cookie that scripts cannot read.</summary>
internal static class SessionApi
{
    public const string Path = "/session";

    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup(Path).WithTags("Access").WithQueryGuard();
        group.MapPost("", SignInAsync)
            .AllowAnonymous()
            .WithName("signIn")
            .WithSummary("Sign a browser in with a key")
            .WithDescription("Answers with a cookie (HttpOnly, SameSite=Strict, Secure under https) that ends with the browser or with the key. For the service's own page: "
                + "the request must say by Origin or Sec-Fetch-Site that it comes from there, as must every write that the cookie carries.")
            .Accepts<SignInRequest>("application/json")
            .ProducesProblems(413, 415);
        group.MapGet("", Get)
            .RequireAuthorization(Policies.Reader)
            .KeepsToCollections()
            .WithName("getSession")
            .WithSummary("Who the caller is: the name, role and collections of its key")
            .ProducesProblems();
        group.MapDelete("", SignOut)
            .AllowAnonymous()
            .WithName("signOut")
            .WithSummary("Sign a browser out")
            .ProducesProblems();
    }

    private static async Task<Results<Ok<SessionResponse>, ProblemHttpResult>> SignInAsync(HttpContext context, KeyAttempts attempts, CancellationToken cancellationToken)
    {
        (SignInRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<SignInRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.Key is not { Length: > 0 } key)
        {
            return Problems.BadParameter("key", "There is no key: send JSON such as {\"key\": \"dpfah_…\"}.");
        }

        if (attempts.Find(context, key, out TimeSpan? wait) is not { } caller)
        {
            if (wait is { } time)
            {
                RateLimits.SetRetryAfter(context.Response, time);
                return Problems.TooManyWrongKeys();
            }

            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Problems.Unauthorized();
        }

        SessionCookie.Write(context, key);
        return TypedResults.Ok(new SessionResponse(caller.Name, caller.Role, caller.Collections, true));
    }

    private static Ok<SessionResponse> Get(HttpContext context, CollectionScope scope) => TypedResults.Ok(new SessionResponse(
        context.User.Identity!.Name!,
        context.User.FindFirstValue(ClaimTypes.Role)!,
        scope.Names,
        ApiKeyHandler.ReadHeader(context.Request) is null && SessionCookie.Read(context.Request) is not null));

    private static NoContent SignOut(HttpContext context)
    {
        SessionCookie.Delete(context);
        return TypedResults.NoContent();
    }
}

/// <summary>A sign-in.</summary>
/// <param name="Key">An API key.</param>
public sealed record SignInRequest(string? Key);

/// <summary>Who calls.</summary>
/// <param name="Name">Name of its key; <c>local</c> where no key is needed.</param>
/// <param name="Role">What it may do: reader, indexer, trainer or admin.</param>
/// <param name="Collections">The collections that it sees; null for all.</param>
/// <param name="SignedIn">Whether a cookie says so, which DELETE /session ends.</param>
public sealed record SessionResponse(string Name, string Role, IReadOnlyList<string>? Collections, bool SignedIn);
