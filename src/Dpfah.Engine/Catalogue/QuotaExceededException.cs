namespace Dpfah.Engine.Catalogue;

/// <summary>A collection has as many pictures as it may.</summary>
/// <param name="collection">Its name.</param>
/// <param name="quota">Most pictures.</param>
public sealed class QuotaExceededException(string collection, long quota) : Exception(Text(collection, quota))
{
    /// <summary>The refusal as a sentence for the person who sent the picture.</summary>
    internal static string Text(string collection, long quota) =>
        $"Collection '{collection}' has {quota:N0} pictures, the most that the setting Dpfah:{nameof(EngineOptions.ImagesPerCollection)} allows. Delete some, or take another collection.";
}
