using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AuditNotReplaced : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // INSERT OR REPLACE removes the line that it replaces without a trigger of deletions. A line that gets its number here has -1 before, which no line has.
            migrationBuilder.Sql(
                """
                CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
                BEGIN
                    SELECT RAISE(ABORT, 'The audit is append-only: REPLACE refused.');
                END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER audit_not_replaced");
        }
    }
}
