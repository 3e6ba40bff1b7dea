namespace Dpfah.Core.Duplicates;

/// <summary>Items that are near duplicates of each other.</summary>
/// <param name="Members">At least two items in ascending order of their ids.</param>
public sealed record DuplicateGroup(IReadOnlyList<DuplicateMember> Members);

/// <summary>An item of a group of near duplicates.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Distance">Distance of its code to that of the group's first item, in bits: 0 for the first; for others it may be more than the distance searched for.</param>
public readonly record struct DuplicateMember(long Id, int Distance);
