using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Access;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Access;

/// <summary>API keys: made, listed, revoked.</summary>
internal static class KeysApi
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/api-keys").WithTags("Access").RequireAuthorization(Policies.Admin).WithQueryGuard();
        group.MapPost("", CreateAsync)
            .WithName("createKey")
            .WithSummary("Make an API key")
            .WithDescription("The answer has the key's text, which is told this once: only its hash is kept. A key with 'collections' sees and changes these alone. "
                + "Where no key was needed so far, one is from now on.")
            .Accepts<CreateKeyRequest>("application/json")
            .ProducesProblems(409, 413, 415);
        group.MapGet("", ListAsync)
            .WithName("listKeys")
            .WithSummary("List the API keys, revoked ones too, without their texts")
            .ProducesProblems();
        group.MapDelete("/{key}", RevokeAsync)
            .WithName("revokeKey")
            .WithSummary("Revoke an API key, by its number or its name")
            .WithDescription("Every node refuses it within 5 seconds. It stays in the list. Again is no error.")
            .ProducesProblems(404);
    }

    private static async Task<Results<Created<CreatedKeyResponse>, ProblemHttpResult>> CreateAsync(
        HttpContext context, ApiKeyStore store, ApiKeyFollower keys, SearchService search, TimeProvider clock, CancellationToken cancellationToken)
    {
        _ = search.Collections;
        (CreateKeyRequest? body, ProblemHttpResult? wrong) = await JsonBody.ReadAsync<CreateKeyRequest>(context.Request, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.Name is not { } name || body.Role is not { } role)
        {
            return Problems.BadParameter(body?.Name is null ? "name" : "role", "A key has a name and a role: send JSON such as {\"name\": \"shop\", \"role\": \"reader\"}.");
        }

        if (body.Collections?.Contains(null!) == true)
        {
            return Problems.BadParameter("collections", "'collections' is an array of names of collections.");
        }

        var key = new NewApiKey(name, role, body.Collections, body.ExpiresAt?.UtcDateTime, context.User.Identity?.Name);
        if (key.Check(clock.GetUtcNow().UtcDateTime) is var (member, detail))
        {
            return Problems.BadParameter(member, detail);
        }

        if (await store.CreateAsync(key, cancellationToken) is not var (made, text))
        {
            return Problems.KeyNameTaken(name);
        }

        await keys.RefreshAsync(cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api-keys/{made.Id}", new CreatedKeyResponse(text, KeyResponse.From(made)));
    }

    private static async Task<Results<Ok<KeyList>, ProblemHttpResult>> ListAsync(
        ApiKeyStore store,
        SearchService search,
        [FromQuery, Range(1, ApiLimits.MaxLimit), Description("Keys a page, 1 to 500. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;

        // The cursor is the number of the last key seen.
        int after = 0;
        if (cursor is not null && !(int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<ApiKeyRecord> found = await store.ListAsync(after, count + 1, cancellationToken);
        return TypedResults.Ok(new KeyList(
            [.. found.Take(count).Select(KeyResponse.From)],
            found.Count > count ? found[count - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<Ok<KeyResponse>, ProblemHttpResult>> RevokeAsync(
        HttpContext context,
        ApiKeyStore store,
        ApiKeyFollower keys,
        SearchService search,
        [Description("Number or name of the key.")] string key,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        if (await store.RevokeAsync(key, context.User.Identity?.Name, cancellationToken) is not { } revoked)
        {
            return Problems.NoKey(key);
        }

        await keys.RefreshAsync(cancellationToken);
        return TypedResults.Ok(KeyResponse.From(revoked));
    }
}

/// <summary>A key to be made.</summary>
/// <param name="Name">Its name: 1 to 64 of a-z, 0-9, '-', '_' and '.'. What it does is told under it.</param>
/// <param name="Role">reader, indexer, trainer or admin, each allowed all that those before it are.</param>
/// <param name="Collections">The collections that it sees and changes, 1 to 100, whether they are there yet or not; left out, all.</param>
/// <param name="ExpiresAt">When it ends; left out, never.</param>
public sealed record CreateKeyRequest(string? Name, string? Role, IReadOnlyList<string>? Collections, DateTimeOffset? ExpiresAt);

/// <summary>A key that was made.</summary>
/// <param name="Key">Its text, told this once: send it as 'Authorization: Bearer KEY'.</param>
/// <param name="Description">What it is.</param>
public sealed record CreatedKeyResponse(string Key, KeyResponse Description);

/// <summary>An API key without its text.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, unique among keys that are not revoked.</param>
/// <param name="Role">What it may do: reader, indexer, trainer or admin.</param>
/// <param name="Prefix">How its text begins, so that a text can be told to be this key's.</param>
/// <param name="Collections">The collections that it sees; null for all.</param>
/// <param name="CreatedAt">When it was made, UTC.</param>
/// <param name="CreatedBy">Name of the key that made it; null when it was made without one.</param>
/// <param name="ExpiresAt">When it ends, UTC; null for never.</param>
/// <param name="LastUsedAt">When it was used last, UTC, true to a minute; null for never.</param>
/// <param name="RevokedAt">When it was revoked, UTC; left out when it was not.</param>
public sealed record KeyResponse(
    int Id,
    string Name,
    string Role,
    string Prefix,
    IReadOnlyList<string>? Collections,
    DateTime CreatedAt,
    string? CreatedBy,
    DateTime? ExpiresAt,
    DateTime? LastUsedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? RevokedAt)
{
    internal static KeyResponse From(ApiKeyRecord key) => new(
        key.Id, key.Name, key.Role, $"dpfah_{key.Prefix}_", key.Collections, key.CreatedAt, key.CreatedBy, key.ExpiresAt, key.LastUsedAt, key.RevokedAt);
}

/// <summary>A page of keys.</summary>
/// <param name="Items">The keys, in the order in which they were made.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record KeyList(IReadOnlyList<KeyResponse> Items, string? NextCursor);
