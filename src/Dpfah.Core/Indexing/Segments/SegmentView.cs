namespace Dpfah.Core.Indexing.Segments;

/// <summary>A segment as one snapshot sees it.</summary>
/// <param name="Segment">Codes and items.</param>
/// <param name="Count">Slots in use: of a tail, the reader looks at no more.</param>
/// <param name="Dead">Slots whose item was deleted or replaced.</param>
internal sealed record SegmentView<T>(Segment<T> Segment, int Count, SlotSet Dead)
{
    public int Live => Count - Dead.Count;

    /// <summary>Codes to look at.</summary>
    public int Positions => Segment.Starts is { } starts ? starts.Length - 1 : Count;

    public int FindLive(long id) => Segment.FindLive(id, Count, Dead);
}
