using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Http;

/// <summary>Reads a JSON body strictly: unknown members and wrong types are refused by name.</summary>
internal static class JsonBody
{
    /// <summary>Most bytes of a body: 256 KiB.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        MaxDepth = 16,
        TypeInfoResolver = ApiJson.Default,
    };

    /// <returns>The value (null for an empty body), or the problem with it.</returns>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        PipeReader body = request.BodyReader;
        ReadResult read = await body.ReadAsync(cancellationToken);
        while (!read.IsCompleted && read.Buffer.Length <= MaxBytes)
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await body.ReadAsync(cancellationToken);
        }

        (T? Value, ProblemHttpResult? Problem) answer = Read<T>(request, read.Buffer);
        body.AdvanceTo(read.Buffer.End);
        return answer;
    }

    private static (T? Value, ProblemHttpResult? Problem) Read<T>(HttpRequest request, ReadOnlySequence<byte> body)
        where T : class
    {
        if (body.Length > MaxBytes)
        {
            return (null, Problems.TooLarge(MaxBytes));
        }

        if (body.IsEmpty)
        {
            return (null, null);
        }

        if (!request.HasJsonContentType())
        {
            return (null, Problems.BadBody($"The body is JSON: send it as 'Content-Type: application/json', not '{request.ContentType}'."));
        }

        try
        {
            ReadOnlySpan<byte> bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
            return (JsonSerializer.Deserialize(bytes, (JsonTypeInfo<T>)Strict.GetTypeInfo(typeof(T))), null);
        }
        catch (JsonException error)
        {
            return (null, Problems.BadBody($"The JSON body is not valid: {WithoutTypes(error)}"));
        }
    }

    /// <summary>The reader's messages name our types, which mean nothing to a caller.</summary>
    private static string WithoutTypes(JsonException error)
    {
        int unknown = error.Message.IndexOf(" could not be mapped to any .NET member", StringComparison.Ordinal);
        if (unknown >= 0)
        {
            return error.Message[..unknown].Replace("The JSON property", "there is no member", StringComparison.Ordinal) + " here.";
        }

        return error.Message.Contains(" could not be converted to ", StringComparison.Ordinal)
            ? $"the value at '{error.Path}' is of the wrong type, or no valid Unicode text."
            : error.Message;
    }
}
