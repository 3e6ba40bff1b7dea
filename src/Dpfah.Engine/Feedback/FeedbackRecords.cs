using Dpfah.Core.Codes;

namespace Dpfah.Engine.Feedback;

/// <summary>A query that was answered: a picture of the collection, or the codes of another one.</summary>
/// <param name="Id">Public id of a picture of the collection; null for another picture.</param>
/// <param name="Code">Code of another picture; null for one of the collection.</param>
/// <param name="Signature">Its signature; null when it is not known.</param>
public sealed record FeedbackQuery(string? Id, BinaryCode? Code, BinaryCode? Signature);

/// <summary>What somebody says of a hit.</summary>
/// <param name="Query">The query.</param>
/// <param name="Id">Public id of the picture that was found.</param>
/// <param name="GenerationId">Number of the generation whose search found it.</param>
/// <param name="IsRight">Whether it belongs to what was looked for.</param>
/// <param name="NotDuplicate">Whether the pair is marked as no duplicates too; only for a query of the collection.</param>
public sealed record NewFeedback(FeedbackQuery Query, string Id, int GenerationId, bool IsRight, bool NotDuplicate);

/// <summary>What somebody said of a hit.</summary>
/// <param name="Number">Its number, ascending with time.</param>
/// <param name="Feedback">What was said.</param>
/// <param name="CreatedBy">Name of the key that said it; null without keys.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record FeedbackRecord(long Number, NewFeedback Feedback, string? CreatedBy, DateTime CreatedAt);

/// <summary>What became of feedback.</summary>
public enum FeedbackStatus
{
    /// <summary>It is the first on this query and hit.</summary>
    Created,

    /// <summary>It took the place of what was said before.</summary>
    Replaced,

    /// <summary>A picture is not there.</summary>
    NoImage,

    /// <summary>The collection has no such generation.</summary>
    NoGeneration,

    /// <summary>The query's code is not as long as those of the generation.</summary>
    OtherBits,
}

/// <summary>The outcome of feedback.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Record">What is stored now; null when there is a problem.</param>
/// <param name="Missing">Id of the picture that is not there.</param>
/// <param name="Bits">How long codes of the generation are.</param>
public sealed record FeedbackOutcome(FeedbackStatus Status, FeedbackRecord? Record = null, string Missing = "", int Bits = 0);
