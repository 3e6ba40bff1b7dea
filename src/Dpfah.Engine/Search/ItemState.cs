using Dpfah.Core.Codes;

namespace Dpfah.Engine.Search;

/// <summary>An item of a generation as the database has it, or the word that it is gone.</summary>
internal readonly record struct ItemState(
    long Number, bool Found, string PublicId, string[] Labels, string? Metadata, BinaryCode Code, BinaryCode Signature)
{
    public static ItemState Gone(long number) => new(number, false, "", [], null, default, default);
}
