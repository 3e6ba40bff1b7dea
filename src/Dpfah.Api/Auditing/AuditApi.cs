using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.OpenApi;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Auditing;

/// <summary>The audit: who changed and deleted what.</summary>
internal static class AuditApi
{
    // A line has up to some 8 KiB.
    private const int MaxLimit = 100;

    public static void MapAudit(this IEndpointRouteBuilder routes) => routes.MapGet("/audit", ListAsync)
        .WithTags("Access")
        .RequireAuthorization(Policies.Admin)
        .WithQueryGuard()
        .WithName("readAudit")
        .WithSummary("Read who changed and deleted what, the newest first")
        .WithDescription("Deletions, changes of pictures that were there, keys, activations of generations and what their gate said, and imports. A line is written with the change that it tells, or neither is; "
            + "it is never changed or removed. A new picture has none, and the pictures of a deleted collection have none each.")
        .ProducesProblems();

    private static async Task<Results<Ok<AuditList>, ProblemHttpResult>> ListAsync(
        AuditReader audit,
        SearchService search,
        [FromQuery, Description("Only what is about this collection, which may be deleted.")] string? collection,
        [FromQuery, Description("Only what the key of this name did.")] string? who,
        [FromQuery, Description("Only lines of this kind, such as picture-deleted.")] string? action,
        [FromQuery, Description("Only what happened at this moment or later, such as 2027-01-31T12:00Z; UTC unless it says otherwise.")] string? since,
        [FromQuery, Description("Only what happened before this moment.")] string? until,
        [FromQuery, Range(1, MaxLimit), Description("Lines a page, 1 to 100. Default 50.")] int? limit,
        [FromQuery, Description("The nextCursor of the page before.")] string? cursor,
        CancellationToken cancellationToken)
    {
        _ = search.Collections;
        if (action is not null && !AuditActions.All.Contains(action))
        {
            return Problems.BadParameter("action", $"'action' is one of {string.Join(", ", AuditActions.All)}; it was '{action}'.");
        }

        if (!TryReadTime(since, out DateTime? from) || !TryReadTime(until, out DateTime? to))
        {
            (string name, string? text) = from is null && since is not null ? ("since", since) : ("until", until);
            return Problems.BadParameter(name, $"'{name}' is a moment such as 2027-01-31T12:00Z; it was '{text}'.");
        }

        // The cursor is the number of the last line seen.
        long before = long.MaxValue;
        if (cursor is not null && !(long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before) && before > 0))
        {
            return Problems.BadParameter("cursor", "'cursor' is the nextCursor of a page, unchanged.");
        }

        int count = limit ?? ApiLimits.DefaultLimit;
        List<AuditRecord> found = await audit.ListAsync(new AuditFilter(collection, who, action, from, to), before, count + 1, cancellationToken);
        return TypedResults.Ok(new AuditList(
            [.. found.Take(count).Select(AuditResponse.From)],
            found.Count > count ? found[count - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static bool TryReadTime(string? text, out DateTime? time)
    {
        bool isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset read);
        time = isTime ? read.UtcDateTime : null;
        return text is null || isTime;
    }
}
