namespace Dpfah.Api.Feedback;

/// <summary>What somebody says of a hit.</summary>
/// <param name="Query">The query that found it.</param>
/// <param name="Id">Id of the picture that was found.</param>
/// <param name="Verdict">'right' when it belongs to what was looked for, 'wrong' when not.</param>
/// <param name="Generation">The generation of codes that answered; the one that answers now unless named.</param>
/// <param name="NotDuplicate">With 'wrong' and a query of the collection: whether the two are marked as no duplicates as well, for good.</param>
public sealed record FeedbackRequest(FeedbackQueryBody? Query, string? Id, string? Verdict, int? Generation = null, bool? NotDuplicate = null);

/// <summary>A query: a picture of the collection, or the codes of another one as the search told them.</summary>
/// <param name="Id">Id of a picture of the collection; null for another picture.</param>
/// <param name="Code">Code of another picture, in hex; null for one of the collection.</param>
/// <param name="Signature">Beside a code: its signature in hex, if it is known.</param>
public sealed record FeedbackQueryBody(string? Id = null, string? Code = null, string? Signature = null);

/// <summary>What somebody said of a hit.</summary>
/// <param name="Number">Its number, ascending with time.</param>
/// <param name="Query">The query that found it.</param>
/// <param name="Id">Id of the picture that was found.</param>
/// <param name="Generation">Number of the generation of codes that answered.</param>
/// <param name="Verdict">'right' or 'wrong'.</param>
/// <param name="NotDuplicate">Whether the two were marked as no duplicates with it.</param>
/// <param name="CreatedBy">Name of the key that said it; null without keys.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record FeedbackResponse(
    long Number, FeedbackQueryBody Query, string Id, int Generation, string Verdict, bool NotDuplicate, string? CreatedBy, DateTime CreatedAt);

/// <summary>A page of feedback.</summary>
/// <param name="Items">What was said, the first first.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record FeedbackList(IReadOnlyList<FeedbackResponse> Items, string? NextCursor);
