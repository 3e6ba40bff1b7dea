using System.Text.Json;
using System.Text.Json.Serialization;
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
    };

    /// <returns>The value (null for an empty body), or the problem with it.</returns>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0;)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > MaxBytes)
            {
                return (null, Problems.TooLarge(MaxBytes));
            }
        }

        if (buffer.Length == 0)
        {
            return (null, null);
        }

        if (!request.HasJsonContentType())
        {
            return (null, Problems.BadBody($"The body is JSON: send it as 'Content-Type: application/json', not '{request.ContentType}'."));
        }

        try
        {
            return (JsonSerializer.Deserialize<T>(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), Strict), null);
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
