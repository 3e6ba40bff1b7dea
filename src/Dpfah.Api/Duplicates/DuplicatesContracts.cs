using System.Text.Json;
using Dpfah.Api.Http;

namespace Dpfah.Api.Duplicates;

/// <summary>What near duplicates are searched for.</summary>
/// <param name="Distance">Greatest Hamming distance of near codes in bits, 0 to a quarter of the code and at most 32. Default 3.</param>
/// <param name="Filter">Only pictures that meet this filter, as searches take it: <c>{"brand": "acme"}</c>, <c>{"$label": "shoe"}</c>. Default: all.</param>
public sealed record DuplicatesJobRequest(int? Distance, JsonElement? Filter);

/// <summary>A page of groups of near duplicates, the largest group first.</summary>
/// <param name="Job">The job that found them.</param>
/// <param name="Distance">Greatest distance of near codes, in bits.</param>
/// <param name="ComparedPictures">Pictures that were compared.</param>
/// <param name="Groups">Groups that were found.</param>
/// <param name="InGroups">Pictures in groups when they were found.</param>
/// <param name="Items">Groups of two pictures or more; a page may have fewer than its limit, because pictures were deleted since.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record DuplicateGroupList(
    long Job, int Distance, long ComparedPictures, int Groups, long InGroups, IReadOnlyList<DuplicateGroupResponse> Items, string? NextCursor);

/// <summary>A group of near duplicates.</summary>
/// <param name="Group">Its number, from 1.</param>
/// <param name="Pictures">Pictures that it has.</param>
/// <param name="Members">The first 100 of them, in the order in which they came.</param>
public sealed record DuplicateGroupResponse(int Group, int Pictures, IReadOnlyList<DuplicateResponse> Members);

/// <summary>A picture of a group.</summary>
/// <param name="Id">Its id in the collection.</param>
/// <param name="Distance">Distance of its code to that of the group's first picture, in bits.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Preview">Path of its preview.</param>
public sealed record DuplicateResponse(string Id, int Distance, IReadOnlyList<string> Labels, [property: ServicePath] string Preview);

/// <summary>A page of a group's pictures, in the order in which they came.</summary>
/// <param name="Items">The pictures.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record DuplicateList(IReadOnlyList<DuplicateResponse> Items, string? NextCursor);

/// <summary>A picture of a group as a line of the export.</summary>
/// <param name="Group">Number of its group, from 1.</param>
/// <param name="Id">Its id in the collection.</param>
/// <param name="Distance">Distance of its code to that of the group's first picture, in bits.</param>
/// <param name="Labels">Its labels.</param>
public sealed record DuplicateLine(int Group, string Id, int Distance, IReadOnlyList<string> Labels);

/// <summary>Two pictures that are no duplicates.</summary>
/// <param name="First">Id of one.</param>
/// <param name="Second">Id of the other.</param>
public sealed record NotDuplicateRequest(string? First, string? Second);

/// <summary>A pair that was marked.</summary>
/// <param name="First">Id of the picture that came first.</param>
/// <param name="Second">Id of the other.</param>
/// <param name="CreatedBy">Name of the key that marked them; null without keys.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record NotDuplicateResponse(string First, string Second, string? CreatedBy, DateTime CreatedAt);

/// <summary>A page of marked pairs, in the order of their pictures.</summary>
/// <param name="Items">The pairs.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record NotDuplicateList(IReadOnlyList<NotDuplicateResponse> Items, string? NextCursor);
